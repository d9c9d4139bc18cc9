import Bytes
import JOSE
import JSON
import Testing

struct TokenVerifierTests {
  static let now = TestTokens.now

  @Test(arguments: JWSAlgorithm.allCases)
  func acceptsWhatIsInOrder(_ algorithm: JWSAlgorithm) throws {
    #expect(try TestTokens.sign([], algorithm).outcome() == "verified")
  }

  // MARK: Shape (GW-49)

  @Test func refusesMalformedTokens() throws {
    let token = try TestTokens.sign()
    let parts = token.split(separator: ".").map { String($0) }
    let opaque = [
      "", ".", "...", "token", parts[0] + "." + parts[1], token + "." + parts[2], token + ".", "." + token,
      "ya29.a0AfH6SMB", "a.b.c.d", "a.b.c.d.e.f",
    ]
    for text in opaque { #expect(try text.outcome() == "opaque_token", "\(text)") }
    for text in ["a.b.c.d.e", "....", token + ".x.y"] { #expect(try text.outcome() == "encrypted_token") }
    let malformed = [
      "..", parts[0] + "." + parts[1] + ".", "." + parts[1] + "." + parts[2], token + "=",
      token + "==",
      " " + token, token + "\n", String(token.dropLast()), parts[0] + "=." + parts[1] + "." + parts[2],
      parts[0] + "." + parts[1] + "=." + parts[2],
      parts[0] + "." + parts[1] + "." + parts[2].dropLast() + "+",
      token.replacing(parts[1], with: parts[1] + " "),
    ]
    for text in malformed { #expect(try text.outcome() == "malformed", "\(text)") }
    #expect(try (parts[0] + ".." + parts[2]).outcome() == "malformed_claims")
    #expect(try (token + "A").outcome() == "bad signature: key-ES256")
  }

  @Test func boundsTheLength() throws {
    let padding = String(repeating: "x", count: 12_000)
    #expect(try TestTokens.sign([("note", .string(padding))]).outcome() == "too_long")
    #expect(try TestTokens.sign([("note", .string(String(padding.prefix(11_000))))]).outcome() == "verified")
  }

  @Test(arguments: [
    ("{}", "malformed_header"), ("[]", "malformed_header"), ("{\"alg\":\"ES256\"", "malformed_header"),
    ("{\"alg\":[\"ES256\"]}", "malformed_header"), ("{\"alg\":null}", "malformed_header"),
    ("{\"alg\":\"ES256\",\"alg\":\"none\"}", "malformed_header"),
    ("{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}", "malformed_header"),
    ("{\"alg\":\"ES256\",\"kid\":1}", "malformed_header"),
    ("{\"alg\":\"ES256\",\"typ\":1}", "malformed_header"),
    ("{\"alg\":\"none\"}", "unsupported_algorithm"), ("{\"alg\":\"None\"}", "unsupported_algorithm"),
    ("{\"alg\":\"\"}", "unsupported_algorithm"), ("{\"alg\":\"HS256\"}", "unsupported_algorithm"),
    ("{\"alg\":\"es256\"}", "unsupported_algorithm"), ("{\"alg\":\"ES256 \"}", "unsupported_algorithm"),
    ("{\"alg\":\"ES256K\"}", "unsupported_algorithm"), ("{\"alg\":\"RSA1_5\"}", "unsupported_algorithm"),
    ("{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"crit\":[]}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"crit\":null}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"b64\":true}", "unsupported_header"),
    ("{\"alg\":\"ES256\",\"zip\":\"DEF\"}", "unsupported_header"),
  ])
  func refusesHeaders(_ header: String, _ outcome: String) throws {
    #expect(try TestTokens.signRaw(header: header).outcome() == outcome)
  }

  @Test func refusesClaimsThatAreNoObject() throws {
    for text in [
      "[]", "1", "\"x\"", "", "{\"iss\":1,\"iss\":2}", "\u{0}", "{\"a\":" + String(repeating: "[", count: 20),
    ] {
      let token = try TestKeys.key(.es256).sign(bytes: [UInt8](text.utf8))
      #expect(try token.outcome() == "malformed_claims")
    }
  }

  /// A token inside a token: the outer payload is no JSON object.
  @Test func refusesNestedTokens() throws {
    let nested = try TestKeys.key(.es256).sign(bytes: [UInt8](try TestTokens.sign().utf8), header: ["cty": "JWT"])
    #expect(try nested.outcome() == "malformed_claims")
  }

  /// An issuer that is known to sign with one algorithm only (RFC 8725 §3.1).
  @Test func algorithmsMayBeLimited() throws {
    var policy = TestTokens.policy
    policy.algorithms = [.edDSA, .rs256]
    #expect(try TestTokens.sign().outcome(policy) == "unsupported_algorithm")
    #expect(try TestTokens.sign([], .edDSA).outcome(policy) == "verified")
  }

  // MARK: Attacks on the key (GW-42)

  /// The public key as an HMAC secret, "none" with and without a signature: both need an algorithm we do not
  /// have.
  @Test func refusesAlgorithmConfusion() throws {
    let claims = Base64URL.encode(TestTokens.claims([]).serialized())
    let none = Base64URL.encode(Array("{\"alg\":\"none\"}".utf8)) + "." + claims + "."
    #expect(try none.outcome() == "malformed")
    #expect(try (none + "AA").outcome() == "unsupported_algorithm")
  }

  /// A key of another algorithm is not even tried.
  @Test func aKeyServesOneAlgorithm() throws {
    let token = try TestTokens.sign([], .es256, header: ["alg": "RS256"])
    #expect(try token.outcome() == "key needed: key-ES256")
    let renamed = try TestTokens.sign([], .es256, header: ["alg": "RS256", "kid": "key-RS256"])
    #expect(try renamed.outcome() == "bad signature: key-RS256")
  }

  /// `jwk`, `jku`, `x5u` and `x5c` of the header are not looked at.
  @Test func keysInsideTheHeaderAreNotTrusted() throws {
    let attacker = try SigningKey.generate(.es256, kid: "key-ES256")
    let header: JSONObject = [
      "jwk": attacker.publicJWK, "jku": "https://attacker.example/jwks",
      "x5u": "https://attacker.example/x5u",
      "x5c": ["MIIB"],
    ]
    #expect(try attacker.sign(TestTokens.claims([]), header: header).outcome() == "bad signature: key-ES256")
    #expect(try TestTokens.sign([], header: header).outcome() == "verified")
  }

  @Test(arguments: ["../../dev/null", "' OR 1=1 --", "key-es256", "key-ES256\u{0}", ""])
  func unknownKeyIDsAskForKeys(_ kid: String) throws {
    #expect(try TestTokens.sign([], header: ["kid": .string(kid)]).outcome() == "key needed: \(kid)")
  }

  @Test func withoutAKeyIDEveryKeyOfTheAlgorithmIsTried() throws {
    let token = try TestTokens.signRaw(header: "{\"alg\":\"ES256\"}")
    #expect(try token.outcome() == "verified")
    let others = try (0..<4).map { try SigningKey.generate(.es256, kid: "other-\($0)").publicJWK }
    let mine = try TestKeys.key(.es256).publicJWK
    let reached = try KeySet(jwks: ["keys": .array(others.prefix(3) + [mine])])
    #expect(token.judged(keys: reached).outcome == "verified")
    let beyond = try KeySet(jwks: ["keys": .array(others + [mine])])
    #expect(token.judged(keys: beyond).outcome == "bad signature: none")
    #expect(token.judged(keys: try KeySet(jwks: ["keys": []])).outcome == "key needed: none")
  }

  @Test func withoutKeysCheapChecksStillRefuse() throws {
    #expect(try TestTokens.sign().judged(keys: nil).outcome == "key needed: key-ES256")
    #expect(try TestTokens.sign([("iss", "other")]).judged(keys: nil).outcome == "wrong_issuer")
    #expect(try TestTokens.sign([("exp", 1)]).judged(keys: nil).outcome == "expired")
  }

  @Test func aChangedClaimBreaksTheSignature() throws {
    let token = try TestTokens.sign()
    let parts = token.split(separator: ".")
    let forged = Base64URL.encode(TestTokens.claims([("sub", "admin")]).serialized())
    #expect(try "\(parts[0]).\(forged).\(parts[2])".outcome() == "bad signature: key-ES256")
  }

  /// Nobody without a key learns which clients or claims would pass, nor gets a 403.
  @Test func clientsClaimsAndScopesAreJudgedAfterTheSignature() throws {
    var policy = TestTokens.policy
    policy.clients = ["other"]
    policy.scopes = ["other"]
    policy.customClaims = [.claim("tenant", .equals("other"))]
    let forged = try SigningKey.generate(.es256, kid: "key-ES256").sign(TestTokens.claims([]))
    #expect(try forged.outcome(policy) == "bad signature: key-ES256")
    #expect(try TestTokens.sign().outcome(policy) == "wrong_client")
  }
}
