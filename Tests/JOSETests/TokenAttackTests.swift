import Bytes
import JOSE
import JSON
import Testing

/// Forged tokens, each refused for its reason. The forger knows the public keys, the claims and genuine
/// tokens, and can sign with keys of their own.
struct TokenAttackTests {
  static func encoded(_ text: String) -> String { Base64URL.encode(text.utf8) }

  static let claims = Base64URL.encode(TestTokens.claims([]).serialized())

  /// Signed by a stranger under a known key ID.
  static func forged(_ header: JSONObject, _ algorithm: JWSAlgorithm = .es256) throws -> String {
    try SigningKey.generate(algorithm, kid: "key-\(algorithm.rawValue)").sign(TestTokens.claims([]), header: header)
  }

  // MARK: The algorithm

  @Test(arguments: ["none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "ES256K", "RSA1_5", "dir", ""])
  func algorithmsThatAreNone(_ name: String) throws {
    let header = Self.encoded("{\"alg\":\"\(name)\",\"kid\":\"key-RS256\"}")
    #expect(try "\(header).\(Self.claims).".outcome() == "malformed")
    #expect(try "\(header).\(Self.claims).AAAA".outcome() == "unsupported_algorithm")
    let genuine = try TestTokens.sign([], .rs256).split(separator: ".")
    #expect(try "\(header).\(genuine[1]).\(genuine[2])".outcome() == "unsupported_algorithm")
  }

  /// A genuine signature under another name: no key of that ID has that algorithm, whichever it is.
  @Test(arguments: JWSAlgorithm.allCases)
  func algorithmsOfOtherKeys(_ named: JWSAlgorithm) throws {
    for signer in JWSAlgorithm.allCases where signer != named {
      let kid = "key-\(signer.rawValue)"
      let token = try TestTokens.sign([], signer, header: ["alg": .string(named.rawValue)])
      #expect(try token.outcome() == "key needed: \(kid)")
      let keys = try TestKeys.set()
      #expect(throws: TokenFault.unknownKey) { try token.verified(by: keys) }
    }
  }

  /// The twin of an RSA key under PS256 must not take what RS256 signed, nor the other way round.
  @Test func paddingsOfOneKey() throws {
    let keys = try KeySet(jwks: ["keys": [ForeignSigner.rsa.publicJWK]])
    for (signed, named) in [("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "RS512"), ("PS384", "PS512")] {
      let input = Self.encoded("{\"alg\":\"\(named)\"}") + "." + Self.claims
      let signer = try #require(JWSAlgorithm(name: signed))
      let token = input + "." + Base64URL.encode(try ForeignSigner.rsa.sign(input, signer))
      #expect(token.judged(keys: keys).outcome == "bad signature: none")
    }
  }

  // MARK: The key

  static let keysInHeaders: [JSONObject] = [
    ["jku": "https://attacker.example/jwks"], ["x5u": "https://attacker.example/x5u"], ["x5c": ["MIIB"]],
    ["x5t": "AAAA"], ["x5t#S256": "AAAA"], ["jwk": .object(RFCVectors.ec)], ["jwk": "text"], ["jku": 7],
  ]

  @Test(arguments: keysInHeaders)
  func keysOfTheForger(_ header: JSONObject) throws {
    #expect(try Self.forged(header).outcome() == "bad signature: key-ES256")
    #expect(try TestTokens.sign(header: header).outcome() == "verified")
  }

  @Test func aKeyOfTheForgerInTheHeader() throws {
    for algorithm in [JWSAlgorithm.rs256, .ps256, .es256, .es384, .edDSA] {
      let forger = try SigningKey.generate(algorithm, kid: "key-\(algorithm.rawValue)")
      let token = try forger.sign(TestTokens.claims([]), header: ["jwk": forger.publicJWK])
      #expect(try token.outcome() == "bad signature: key-\(algorithm.rawValue)")
    }
  }

  @Test(arguments: [
    "../../../../dev/null", "/proc/self/environ", "' UNION SELECT 'secret' --", "key-ES256/../key-RS256", "KEY-ES256",
    "key-ES256 ", "key-ES256\u{0}", "key-\u{395}S256", "", "https://attacker.example/key",
    "$(id)", "key-ES384",
  ])
  func keyIDs(_ kid: String) throws {
    #expect(try TestTokens.sign(header: ["kid": .string(kid)]).outcome() == "key needed: \(kid)")
  }

  /// A token that names a key is not tried with one that has no name.
  @Test func keysWithoutAnIDAreForTokensWithoutOne() throws {
    var jwk = try #require(try TestKeys.key(.es256).publicJWK.objectValue)
    jwk["kid"] = nil
    let keys = try KeySet(jwks: ["keys": [.object(jwk)]])
    #expect(try TestTokens.sign().judged(keys: keys).outcome == "key needed: key-ES256")
    let nameless = try TestTokens.signRaw(header: "{\"alg\":\"ES256\"}")
    #expect(nameless.judged(keys: keys).outcome == "verified")
  }

  // MARK: The signature

  /// CVE-2022-21449, and the forms of a signature that JWS does not know.
  @Test(arguments: [JWSAlgorithm.es256, .es384, .es512])
  func psychicSignatures(_ algorithm: JWSAlgorithm) throws {
    let genuine = try TestTokens.sign([], algorithm)
    let input = genuine.prefix { $0 != "." } + "." + Self.claims
    let length = try TestKeys.key(algorithm).signature(of: []).count
    for signature in [
      [UInt8](repeating: 0, count: length), [UInt8](repeating: 0xFF, count: length), [0x30, 0x06, 2, 1, 0, 2, 1, 0],
      [0x30, 0x06, 2, 1, 1, 2, 1, 1], [0], [UInt8](repeating: 0, count: length - 1),
      [UInt8](repeating: 0, count: length + 1),
    ] {
      let token = input + "." + Base64URL.encode(signature)
      #expect(try token.outcome() == "bad signature: key-\(algorithm.rawValue)")
    }
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func truncatedAndPaddedSignatures(_ algorithm: JWSAlgorithm) throws {
    let parts = try TestTokens.sign([], algorithm).split(separator: ".").map { String($0) }
    let signature = try #require(Base64URL.decode(parts[2]))
    let head = parts[0] + "." + parts[1] + "."
    for changed in [
      [UInt8](signature.dropLast()), [UInt8](signature.dropFirst()), signature + [0], [0] + signature,
      signature + signature, [1],
    ] {
      #expect(try (head + Base64URL.encode(changed)).outcome() == "bad signature: key-\(algorithm.rawValue)")
    }
    for text in [parts[2] + "=", parts[2] + "==", parts[2] + "\n", " " + parts[2], "", parts[2] + "%3D"] {
      #expect(try (head + text).outcome() == "malformed")
    }
    #expect(try (head + parts[2] + ".").outcome() == "opaque_token")
  }

  /// The last character of 64 bytes has four bits that say nothing: sixteen spellings, one of which is right.
  @Test func otherSpellingsOfASignature() throws {
    let token = try TestTokens.sign()
    let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".filter {
      (try? (token.dropLast() + String($0)).outcome()) != "malformed"
    }
    #expect(spellings == "AQgw")
    #expect(
      try spellings.filter { try (token.dropLast() + String($0)).outcome() == "verified" } == String(token.suffix(1)))
  }

  // MARK: The shape

  @Test func partsThatAreMissingOrTooMany() throws {
    let parts = try TestTokens.sign().split(separator: ".").map { String($0) }
    for text in [
      parts[0], parts[0] + "." + parts[1], parts.joined(separator: ".") + "." + parts[2],
      "{\"payload\":\"\(parts[1])\",\"protected\":\"\(parts[0])\",\"signature\":\"\(parts[2])\"}",
      String(repeating: ".", count: 10_000), parts[0] + "%2E" + parts[1] + "%2E" + parts[2],
    ] {
      #expect(try text.outcome() == "opaque_token")
    }
    // JWE in compact serialization has five.
    #expect(
      try [parts[0], parts[1], parts[2], parts[1], parts[2]].joined(separator: ".").outcome() == "encrypted_token")
    #expect(try [parts[1], parts[0], parts[2]].joined(separator: ".").outcome() == "malformed_header")
    #expect(try [parts[0], parts[2], parts[1]].joined(separator: ".").outcome() == "malformed_claims")
  }

  /// Padded base64, that of RFC 4648 §4, white space: in any part, though the signature covers it.
  @Test(arguments: ["=", "==", "\n", " ", "\u{0}", "+", "/", "."])
  func base64OfOtherKinds(_ addition: String) throws {
    let header = Self.encoded("{\"alg\":\"ES256\",\"kid\":\"key-ES256\"}")
    for input in [header + addition + "." + Self.claims, header + "." + Self.claims + addition] {
      let signature = try TestKeys.key(.es256).signature(of: [UInt8](input.utf8))
      let outcome = try (input + "." + Base64URL.encode(signature)).outcome()
      #expect(outcome == (addition == "." ? "opaque_token" : "malformed"))
    }
  }

  @Test(arguments: [
    ("{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"crit\":[\"http://example.com/UNDEFINED\"]}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"crit\":\"exp\"}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"b64\":false}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"zip\":\"DEF\"}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"alg\":\"none\"}", "malformed_header"),
    ("{\"alg\":\"none\",\"alg\":\"ES256\"}", "malformed_header"),
    ("{\"alg\":\"ES256\",\"kid\":\"key-ES256\",\"kid\":\"x\"}", "malformed_header"),
    ("{\"alg\":\"ES256\",\"\\u006bid\":\"x\",\"kid\":\"key-ES256\"}", "malformed_header"),
    ("{\"alg\":\"ES256\"}{}", "malformed_header"), ("\u{FEFF}{\"alg\":\"ES256\"}", "malformed_header"),
    ("{'alg':'ES256'}", "malformed_header"), ("{\"alg\":\"ES256\",}", "malformed_header"),
    (
      "{\"alg\":\"ES256\",\"x\":" + String(repeating: "[", count: 17) + String(repeating: "]", count: 17) + "}",
      "malformed_header"
    ),
  ])
  func headers(_ header: String, _ outcome: String) throws {
    #expect(try TestTokens.signRaw(header: header).outcome() == outcome)
  }

  /// Signed by the provider, and yet read differently by two parsers, or too much to read.
  @Test(arguments: [
    "{\"iss\":\"a\",\"iss\":\"https://idp.example/tenant\"}", "{\"sub\":\"user\",\"s\\u0075b\":\"admin\"}",
    "{\"exp\":1700000300,\"exp\":9999999999}",
    "{\"a\":" + String(repeating: "[", count: 16) + String(repeating: "]", count: 16) + "}",
    "[" + String(repeating: "0,", count: 4_000) + "0]", "{\"a\":\"\u{1}\"}", "{\"a\":NaN}", "{\"a\":01}", "{} {}",
    "\"text\"", "null",
  ])
  func claims(_ claims: String) throws {
    #expect(try TestKeys.key(.es256).sign(bytes: [UInt8](claims.utf8)).outcome() == "malformed_claims")
  }

  /// A token inside a token: the inner one is a payload like any other, and none that has claims.
  @Test func nestedTokens() throws {
    let inner = try TestTokens.sign()
    let nested = try TestKeys.key(.es256).sign(bytes: [UInt8](inner.utf8), header: ["cty": "JWT"])
    #expect(try nested.outcome() == "malformed_claims")
    let quoted = try TestKeys.key(.es256).sign(bytes: [UInt8]("\"\(inner)\"".utf8), header: ["cty": "JWT"])
    #expect(try quoted.outcome() == "malformed_claims")
    #expect(try nested.verified(by: TestKeys.set()) == inner)
  }

  @Test func hugePayloads() throws {
    let huge = try TestTokens.sign([("note", .string(String(repeating: "x", count: 1_000_000)))])
    #expect(try huge.outcome() == "too_long")
    let keys = try TestKeys.set()
    #expect(throws: TokenFault.tooLong) { try huge.verified(by: keys) }
    #expect(try String(repeating: "A", count: 16 * 1024).outcome() == "opaque_token")
    #expect(try String(repeating: "A", count: 16 * 1024 + 1).outcome() == "too_long")
  }
}
