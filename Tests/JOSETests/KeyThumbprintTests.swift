import Bytes
import JOSE
import JSON
import Testing

/// RFC 7638.
struct KeyThumbprintTests {
  static let examples: [(JSONObject, String)] = [
    (RFCVectors.thumbprintKey, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
    (RFCVectors.okp, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
  ]

  @Test(arguments: examples)
  func agreesWithTheExamplesOfTheRFCs(_ jwk: JSONObject, _ thumbprint: String) throws {
    let keys = try KeySet(jwks: ["keys": [.object(jwk)]])
    let key = try #require(keys.keys.first)
    #expect(Base64URL.encode(key.thumbprint) == thumbprint)
  }

  /// Neither what else a JWK says nor how it is written makes another key of it.
  @Test func onlyTheKeyCounts() throws {
    func thumbprints(_ jwk: JSONObject) throws -> Set<[UInt8]> {
      let keys = try KeySet(jwks: ["keys": [.object(jwk)]])
      #expect(keys.skipped.isEmpty)
      return Set(keys.keys.map(\.thumbprint))
    }
    for jwk in [RFCVectors.rsa, RFCVectors.ec, RFCVectors.p521, RFCVectors.okp] {
      var other = JSONObject(jwk.members.reversed().map { ($0.name, $0.value) })
      other["kid"] = "other"
      other["use"] = "sig"
      #expect(try thumbprints(jwk) == thumbprints(other))
      #expect(try thumbprints(jwk).map(\.count) == [32])
    }
    var padded = RFCVectors.rsa
    padded["n"] = .string(Base64URL.encode([0] + (try #require(Base64URL.decode(RFCVectors.rsaModulus)))))
    padded["e"] = "AAEAAQ"
    #expect(try thumbprints(padded) == thumbprints(RFCVectors.rsa))
    #expect(try thumbprints(RFCVectors.ec) != thumbprints(RFCVectors.p521))
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func aSigningKeyAndItsPublicHalfAgree(_ algorithm: JWSAlgorithm) throws {
    let jwk = try #require(try TestKeys.key(algorithm).publicJWK.objectValue)
    let published = try #require(try KeySet(jwks: ["keys": [.object(jwk)]]).keys.first)
    #expect(try JWK.publicKey(embedded: jwk, algorithm: algorithm).thumbprint == published.thumbprint)
  }
}
