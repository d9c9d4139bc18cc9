import Bytes
import JOSE
import JSON
import Testing

/// Keys inside messages; those of sets are in KeySetTests.
struct JWKTests {
  @Test(arguments: JWSAlgorithm.allCases)
  func readsAnEmbeddedKey(_ algorithm: JWSAlgorithm) throws {
    let signer = try TestKeys.key(algorithm)
    var jwk = try #require(signer.publicJWK.objectValue)
    for name in ["use", "alg", "kid"] { jwk[name] = nil }
    let key = try JWK.publicKey(embedded: jwk, algorithm: algorithm)
    #expect(key.algorithm == algorithm)
    #expect(PublicKeyTests.verify(key, "proof", try signer.signature(of: [UInt8]("proof".utf8))))
  }

  static let refused: [(JSONObject, JWSAlgorithm, SkippedKey.Reason)] =
    ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].flatMap { name in
      [(RFCVectors.rsa, JWSAlgorithm.rs256), (RFCVectors.ec, .es256), (RFCVectors.okp, .edDSA)].flatMap {
        jwk, algorithm in
        [JSONValue.string("AQAB"), .null].map { value in
          var shown = jwk
          shown[name] = value
          return (shown, algorithm, SkippedKey.Reason.secretMember)
        }
      }
    } + [
      (RFCVectors.ec, .es384, .otherAlgorithm), (RFCVectors.ec, .rs256, .otherAlgorithm),
      (RFCVectors.p521, .es256, .otherAlgorithm), (RFCVectors.rsa, .es256, .otherAlgorithm),
      (RFCVectors.thumbprintKey, .ps256, .otherAlgorithm), (RFCVectors.okp, .es256, .otherAlgorithm),
      ([:], .es256, .malformedMember), (["kty": "oct"], .es256, .unknownKeyType),
      (["kty": "RSA", "e": "AQAB"], .rs256, .malformedMember),
    ]

  @Test(arguments: refused)
  func refusesAnEmbeddedKey(_ jwk: JSONObject, _ algorithm: JWSAlgorithm, _ reason: SkippedKey.Reason) {
    #expect(throws: reason) { try JWK.publicKey(embedded: jwk, algorithm: algorithm) }
  }
}
