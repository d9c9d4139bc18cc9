import Bytes
import JOSE
import JSON
import Testing

struct KeySetTests {
  static func jwk(_ base: JSONObject, _ changes: [(String, JSONValue?)]) -> JSONValue {
    var jwk = base
    for (name, value) in changes { jwk[name] = value }
    return .object(jwk)
  }

  static let ec = RFCVectors.ec
  static let rsa = RFCVectors.rsa
  static let okp = RFCVectors.okp

  /// 1024 and 2047 bits, and more than anybody needs.
  static func modulus(bits: Int) -> JSONValue {
    var bytes = [UInt8](repeating: 0xFF, count: (bits + 7) / 8)
    if bits % 8 != 0 { bytes[0] = UInt8(1 << (bits % 8) - 1) }
    return .string(Base64URL.encode(bytes))
  }

  static let unusable: [(JSONValue, SkippedKey.Reason)] = [
    ("key", .notAnObject), ([:], .malformedMember),
    (["kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"], .unknownKeyType),
    (["kty": "rsa", "n": .string(RFCVectors.rsaModulus), "e": "AQAB"], .unknownKeyType),
    (["kty": 1], .malformedMember), (jwk(ec, [("kid", 7)]), .malformedMember),
    (jwk(ec, [("use", "enc")]), .otherUse), (jwk(ec, [("use", "SIG")]), .otherUse),
    (jwk(ec, [("use", 1)]), .malformedMember),
    (jwk(ec, [("key_ops", ["sign"])]), .otherUse), (jwk(ec, [("key_ops", [])]), .otherUse),
    (jwk(ec, [("key_ops", "verify")]), .malformedMember),
    (jwk(ec, [("key_ops", ["verify", 1])]), .malformedMember),
    (jwk(ec, [("alg", "RS256")]), .otherAlgorithm), (jwk(ec, [("alg", "ES384")]), .otherAlgorithm),
    (jwk(rsa, [("alg", "RSA-OAEP")]), .otherAlgorithm), (jwk(rsa, [("alg", "HS256")]), .otherAlgorithm),
    (jwk(rsa, [("alg", "none")]), .otherAlgorithm), (jwk(rsa, [("alg", "rs256")]), .otherAlgorithm),
    (jwk(ec, [("alg", "ECDSA")]), .otherAlgorithm), (jwk(ec, [("alg", "ECDH-ES")]), .otherAlgorithm),
    (["kty": "RSA", "x5c": ["MIIC"]], .certificateOnly), (["kty": "EC", "x5c": ["MIIC"]], .certificateOnly),
    (["kty": "RSA", "use": "enc", "x5c": ["MIIC"]], .otherUse), (jwk(ec, [("alg", .null)]), .malformedMember),
    (jwk(ec, [("crv", "P-384")]), .malformedMember), (jwk(ec, [("crv", nil)]), .unknownCurve),
    (jwk(ec, [("crv", "secp256k1")]), .unknownCurve),
    (jwk(okp, [("crv", "X25519")]), .unknownCurve), (jwk(okp, [("crv", "Ed448")]), .unknownCurve),
    (jwk(okp, [("crv", "P-256")]), .unknownCurve),
    (jwk(ec, [("x", nil)]), .malformedMember), (jwk(ec, [("y", "")]), .malformedMember),
    (jwk(ec, [("x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=")]), .malformedMember),
    (jwk(ec, [("x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV")]), .malformedMember),
    (jwk(ec, [("x", "AH_NzidxV")]), .malformedMember),
    (jwk(ec, [("x", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")]), .invalidKey),
    (
      jwk(
        ec,
        [
          ("x", .string(Base64URL.encode([UInt8](repeating: 0, count: 32)))),
          ("y", .string(Base64URL.encode([UInt8](repeating: 0, count: 32)))),
        ]), .invalidKey
    ),
    (jwk(ec, [("y", .string(Base64URL.encode([UInt8](repeating: 0xFF, count: 32))))]), .invalidKey),
    (jwk(okp, [("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ")]), .malformedMember),
    (jwk(rsa, [("n", nil)]), .malformedMember), (jwk(rsa, [("e", nil)]), .malformedMember),
    (jwk(rsa, [("n", "of+/")]), .malformedMember), (jwk(rsa, [("n", modulus(bits: 1024))]), .tooWeak),
    (jwk(rsa, [("n", modulus(bits: 2047))]), .tooWeak), (jwk(rsa, [("n", modulus(bits: 8193))]), .invalidKey),
    (jwk(rsa, [("e", "AQ")]), .invalidKey), (jwk(rsa, [("e", "AA")]), .invalidKey),
    (jwk(rsa, [("e", "Ag")]), .invalidKey), (jwk(rsa, [("e", "AQAAAAAAAAAB")]), .invalidKey),
  ]

  @Test(arguments: unusable)
  func skipsOneKeyAndKeepsTheRest(_ key: JSONValue, _ reason: SkippedKey.Reason) throws {
    let keys = try KeySet(jwks: ["keys": [key, .object(Self.okp)]])
    #expect(keys.skipped.map(\.reason) == [reason])
    #expect(keys.skipped.map(\.index) == [0])
    #expect(keys.keys.map(\.algorithm) == [.edDSA])
  }

  @Test func takesWhatIsUsable() throws {
    let keys = try KeySet(jwks: [
      "keys": [
        Self.jwk(
          Self.okp, [("kid", "o"), ("use", "sig"), ("alg", "EdDSA"), ("d", "nWGxne_9WmC6hEr0kuwsxA")]),
        Self.jwk(
          Self.rsa, [("kid", "r"), ("key_ops", ["verify", "sign"]), ("x5c", ["MII"]), ("ext", true)]),
        Self.jwk(Self.ec, [("alg", "ES256")]),
      ], "other": 1,
    ])
    #expect(keys.skipped.isEmpty)
    #expect(keys.keys.map(\.algorithm) == [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es256, .edDSA])
    #expect(keys.keys.map(\.kid) == ["r", "r", "r", "r", "r", "r", nil, "o"])
  }

  @Test func theSameKeyTwiceIsSkipped() throws {
    let keys = try KeySet(jwks: [
      "keys": [
        Self.jwk(Self.ec, [("kid", "k")]), Self.jwk(Self.ec, [("kid", "k")]),
        Self.jwk(Self.okp, [("kid", "k")]),
        .object(Self.ec), .object(Self.ec),
      ]
    ])
    #expect(keys.skipped.map(\.index) == [1, 4])
    #expect(keys.skipped.map(\.kid) == ["k", nil])
    #expect(keys.skipped.map(\.reason) == [.duplicate, .duplicate])
    #expect(keys.keys.map(\.algorithm) == [.es256, .es256, .edDSA])
  }

  /// A key with a narrower twin: nothing is lost, whichever comes first.
  @Test func aTwinAddsOnlyWhatIsNew() throws {
    let wide = Self.jwk(Self.rsa, [("kid", "k")])
    let narrow = Self.jwk(Self.rsa, [("kid", "k"), ("alg", "PS256")])
    #expect(try KeySet(jwks: ["keys": [wide, narrow]]).skipped.map(\.reason) == [.duplicate])
    let reversed = try KeySet(jwks: ["keys": [narrow, wide]])
    #expect(reversed.skipped.isEmpty)
    #expect(reversed.keys.count == 6)
  }

  @Test func countsWhatIsSkippedByReason() throws {
    let keys = try KeySet(jwks: [
      "keys": [
        1, Self.jwk(Self.ec, [("use", "enc")]), ["kty": "RSA", "x5c": ["MIIC"]], .object(Self.ec),
        Self.jwk(Self.rsa, [("use", "enc")]), ["kty": "oct", "k": "AA"],
      ]
    ])
    #expect(keys.skippedCounts.map(\.reason) == [.notAnObject, .unknownKeyType, .otherUse, .certificateOnly])
    #expect(keys.skippedCounts.map(\.count) == [1, 1, 2, 1])
    #expect(keys.keys.count == 1)
  }

  @Test func candidates() throws {
    let named = (0..<3).map { Self.jwk(Self.ec, [("kid", .string("e\($0)"))]) }
    let keys = try KeySet(jwks: [
      "keys": .array(named + [Self.jwk(Self.rsa, [("kid", "e1")]), .object(Self.ec)])
    ])
    func kids(_ kid: String?, _ algorithm: JWSAlgorithm) -> [String?] {
      keys.candidates(kid: kid, algorithm: algorithm).map(\.kid)
    }
    #expect(kids("e1", .es256) == ["e1"])
    #expect(kids("e1", .rs256) == ["e1"])
    #expect(kids("e1", .ps512) == ["e1"])
    #expect(kids("E1", .es256) == [])
    #expect(kids("e1", .edDSA) == [])
    #expect(kids("e1", .es384) == [])
    #expect(kids("", .es256) == [])
    #expect(kids("\u{E9}", .es256) == [])
    #expect(kids(nil, .es256) == [nil, "e0", "e1", "e2"])
    #expect(kids(nil, .rs256) == ["e1"])
    #expect(kids(nil, .edDSA) == [])
    #expect(keys.candidates(kid: "e2", algorithm: .es256).first?.algorithm == .es256)
  }

  /// A provider that reuses a key ID for a new key: both are tried, a few at most.
  @Test func keysOfOneIDAreTriedTogether() throws {
    let signers = try (0..<6).map { _ in try SigningKey.generate(.es256, kid: "k") }
    let other = try SigningKey.generate(.es256, kid: "other")
    let published = signers.map(\.publicJWK)
    let keys = try KeySet(jwks: ["keys": .array([published[0], other.publicJWK] + published[1...])])
    #expect(keys.skipped.isEmpty)
    let candidates = keys.candidates(kid: "k", algorithm: .es256)
    #expect(candidates.map(\.kid) == ["k", "k", "k", "k"])
    #expect(Set(candidates.map(\.thumbprint)).count == 4)
    #expect(keys.candidates(kid: "other", algorithm: .es256).count == 1)
  }

  @Test(arguments: [
    ("", "not JSON: the text ends too early at byte 0"),
    ("{\"keys\":[],\"keys\":[]}", "not JSON: member name occurs twice at byte 11"),
    ("[]", "not a JSON Web Key Set: no array \"keys\""), ("{}", "not a JSON Web Key Set: no array \"keys\""),
    ("{\"keys\":{}}", "not a JSON Web Key Set: no array \"keys\""),
    ("<html>", "not JSON: unexpected character at byte 0"),
  ])
  func refusesWhatIsNoKeySet(_ text: String, _ description: String) {
    #expect {
      try KeySet(parsing: [UInt8](text.utf8))
    } throws: { error in
      "\(error)" == description
    }
  }

  @Test func boundsTheNumberOfKeys() throws {
    let many: JSONValue = ["keys": .array([JSONValue](repeating: .object(Self.okp), count: 257))]
    #expect(throws: KeySetError.tooManyKeys) { try KeySet(jwks: many) }
    #expect(try KeySet(parsing: [UInt8]("{\"keys\":[]}".utf8)).keys.isEmpty)
  }
}
