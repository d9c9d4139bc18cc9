import Bytes
import JOSE
import JSON
import Testing

struct SigningKeyTests {
  @Test(arguments: JWSAlgorithm.allCases)
  func theHeaderSaysWhatIsNeeded(_ algorithm: JWSAlgorithm) throws {
    let token = try TestKeys.key(algorithm).sign(["a": 1], header: ["x": "y"])
    let parts = token.split(separator: ".").map { String($0) }
    #expect(parts.count == 3)
    let header = try JSONValue.parse(try #require(Base64URL.decode(parts[0])))
    #expect(
      header == [
        "alg": .string(algorithm.rawValue), "kid": .string("key-\(algorithm.rawValue)"), "typ": "at+jwt",
        "x": "y",
      ])
    #expect(Base64URL.decode(parts[1]) == [UInt8]("{\"a\":1}".utf8))
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func thePublicHalfIsAUsableKeyWithoutPrivateMembers(_ algorithm: JWSAlgorithm) throws {
    let jwk = try #require(try TestKeys.key(algorithm).publicJWK.objectValue)
    let names = Set(jwk.members.map(\.name))
    #expect(names.isDisjoint(with: ["d", "p", "q", "dp", "dq", "qi", "k"]))
    #expect(jwk["use"] == "sig")
    let keys = try KeySet(parsing: (["keys": [.object(jwk)]] as JSONValue).serialized())
    #expect(keys.keys.map(\.algorithm) == [algorithm])
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func signsAnyLength(_ algorithm: JWSAlgorithm) throws {
    let signer = try TestKeys.key(algorithm)
    let key = try #require(try KeySet(jwks: ["keys": [signer.publicJWK]]).keys.first)
    for length in [0, 1, 64, 1000] {
      let message = String(repeating: "m", count: length)
      #expect(PublicKeyTests.verify(key, message, try signer.signature(of: [UInt8](message.utf8))))
    }
  }

  /// R or S shorter than 32 bytes comes about once in 128 signatures and must be padded.
  @Test func shortCoordinatesArePadded() throws {
    let signer = try TestKeys.key(.es256)
    let key = try #require(try KeySet(jwks: ["keys": [signer.publicJWK]]).keys.first)
    for index in 0..<400 {
      let signature = try signer.signature(of: [UInt8]("\(index)".utf8))
      #expect(signature.count == 64)
      #expect(PublicKeyTests.verify(key, "\(index)", signature))
    }
  }

  @Test func keysDiffer() throws {
    let one = try SigningKey.generate(.edDSA, kid: "k")
    let other = try SigningKey.generate(.edDSA, kid: "k")
    #expect(one.publicJWK != other.publicJWK)
  }
}
