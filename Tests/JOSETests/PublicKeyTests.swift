import Bytes
import JOSE
import JSON
import Testing

struct PublicKeyTests {
  static func verify(_ key: PublicKey, _ message: String, _ signature: [UInt8]) -> Bool {
    signature.withUnsafeBytes { signature in
      [UInt8](message.utf8).withUnsafeBytes { key.verify(signature, over: $0) }
    }
  }

  @Test(arguments: [RFCVectors.rs256, RFCVectors.es256])
  func verifiesTheExamplesOfRFC7515(_ token: String) throws {
    let keys = try KeySet(jwks: RFCVectors.keySet)
    let policy = TokenPolicy(issuer: "joe")
    guard case .verified(let verified) = token.judged(policy, keys: keys, now: 1_300_819_000) else {
      Issue.record("not verified")
      return
    }
    #expect(verified.issuer == "joe")
    #expect(verified.expiry == 1_300_819_380)
    #expect(verified.claims["http://example.com/is_root"] == true)
    #expect(token.judged(policy, keys: keys, now: 1_300_819_440).outcome == "expired")
  }

  @Test func verifiesTheExampleOfRFC8037() throws {
    let keys = try KeySet(jwks: RFCVectors.keySet)
    let key = try #require(keys.candidates(kid: nil, algorithm: .edDSA).first)
    let signature = try #require(Base64URL.decode(RFCVectors.edDSASignature))
    #expect(Self.verify(key, RFCVectors.edDSAInput, signature))
    #expect(!Self.verify(key, RFCVectors.edDSAInput + "A", signature))
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func noticesEveryChange(_ algorithm: JWSAlgorithm) throws {
    let signer = try TestKeys.key(algorithm)
    let keys = try KeySet(jwks: ["keys": [signer.publicJWK]])
    let key = try #require(keys.keys.first)
    let signature = try signer.signature(of: [UInt8]("message".utf8))
    #expect(Self.verify(key, "message", signature))
    #expect(!Self.verify(key, "massage", signature))
    #expect(!Self.verify(key, "", signature))
    for index in signature.indices {
      var changed = signature
      changed[index] ^= 0x01
      #expect(!Self.verify(key, "message", changed))
    }
    #expect(Self.verify(key, "message", signature), "a failure leaves nothing behind")
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func refusesSignaturesOfAnyOtherLength(_ algorithm: JWSAlgorithm) throws {
    let signer = try TestKeys.key(algorithm)
    let keys = try KeySet(jwks: ["keys": [signer.publicJWK]])
    let key = try #require(keys.keys.first)
    let signature = try signer.signature(of: [UInt8]("message".utf8))
    for changed in [
      [], [0], [UInt8](signature.dropLast()), signature + [0], [0] + signature, signature + signature,
    ] {
      #expect(!Self.verify(key, "message", changed))
    }
  }

  /// CVE-2022-21449: a signature of zeros must not verify anything; nor may R or S reach the order of the
  /// curve.
  @Test func refusesPsychicSignatures() throws {
    let signer = try TestKeys.key(.es256)
    let key = try #require(try KeySet(jwks: ["keys": [signer.publicJWK]]).keys.first)
    let zero = [UInt8](repeating: 0, count: 32)
    let one = [UInt8](repeating: 0, count: 31) + [1]
    let order: [UInt8] = [
      0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA,
      0xAD,
      0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]
    let full = [UInt8](repeating: 0xFF, count: 32)
    for r in [zero, one, order, full] {
      for s in [zero, one, order, full] { #expect(!Self.verify(key, "message", r + s)) }
    }
  }

  /// The DER form that OpenSSL itself speaks is not the form of JWS.
  @Test func refusesDER() throws {
    let signer = try TestKeys.key(.es256)
    let key = try #require(try KeySet(jwks: ["keys": [signer.publicJWK]]).keys.first)
    let raw = try signer.signature(of: [UInt8]("message".utf8))
    func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
      let trimmed = [UInt8](bytes.drop { $0 == 0 })
      let number = (trimmed.first ?? 0) >= 0x80 ? [0] + trimmed : trimmed
      return [0x02, UInt8(number.count)] + number
    }
    let numbers = integer(raw[..<32]) + integer(raw[32...])
    #expect(!Self.verify(key, "message", [0x30, UInt8(numbers.count)] + numbers))
  }
}
