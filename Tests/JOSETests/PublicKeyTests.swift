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
    #expect(verified.claims?["http://example.com/is_root"] == true)
    #expect(token.judged(policy, keys: keys, now: 1_300_819_440).outcome == "expired")
  }

  static let signed: [(JSONObject, String, String)] = [
    (RFCVectors.p521, RFCVectors.es512, "Payload"),
    (RFCVectors.okp, RFCVectors.edDSAInput + "." + RFCVectors.edDSASignature, "Example of Ed25519 signing"),
    (CookbookVectors.rsa, CookbookVectors.rs256, CookbookVectors.payload),
    (CookbookVectors.rsa, CookbookVectors.ps384, CookbookVectors.payload),
    (CookbookVectors.p521, CookbookVectors.es512, CookbookVectors.payload),
  ]

  /// RFC 7515 A.4, RFC 8037 A.5, RFC 7520 4.1 to 4.3.
  @Test(arguments: signed)
  func verifiesTheExamplesThatSignText(_ jwk: JSONObject, _ token: String, _ payload: String) throws {
    let keys = try KeySet(jwks: ["keys": [.object(jwk)]])
    #expect(try token.verified(by: keys) == payload)
    #expect(throws: TokenFault.badSignature) {
      try token.replacing(".", with: ".QUFB", maxReplacements: 1).verified(by: keys)
    }
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

  /// The orders of the curves of FIPS 186-4 §D.1.2.
  static let orders: [(JWSAlgorithm, String)] = [
    (.es256, "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"),
    (.es384, "________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz"),
    (.es512, "Af__________________________________________-lGGh4O_L5Zrf8wBSPcJpdA7tcm4iZxHrrtvtx6ROGQJ"),
  ]

  /// CVE-2022-21449: a signature of zeros must not verify anything; nor may R or S reach the order of the
  /// curve, nor the edge of their width.
  @Test(arguments: orders)
  func refusesPsychicSignatures(_ algorithm: JWSAlgorithm, _ order: String) throws {
    let signer = try TestKeys.key(algorithm)
    let key = try #require(try KeySet(jwks: ["keys": [signer.publicJWK]]).keys.first)
    let order = try #require(Base64URL.decode(order))
    let zero = [UInt8](repeating: 0, count: order.count)
    let one = zero.dropLast() + [1]
    let below = order.dropLast() + [order[order.count - 1] - 1]
    let above = order.dropLast() + [order[order.count - 1] + 1]
    let edges = [zero, [UInt8](one), [UInt8](below), order, [UInt8](above), zero.map { _ in 0xFF }]
    for r in edges {
      for s in edges { #expect(!Self.verify(key, "message", r + s)) }
    }
  }

  /// The same R and S are valid for S and its negative, which JWS allows; R plus the order is not.
  @Test func refusesNumbersAboveTheOrder() throws {
    let signer = try TestKeys.key(.es512)
    let key = try #require(try KeySet(jwks: ["keys": [signer.publicJWK]]).keys.first)
    let order = try #require(Base64URL.decode(Self.orders[2].1))
    let signature = try signer.signature(of: [UInt8]("message".utf8))
    var sum = [UInt8](repeating: 0, count: 66)
    var carry = 0
    for index in sum.indices.reversed() {
      carry += Int(order[index]) + Int(signature[index])
      sum[index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    #expect(carry == 0)
    #expect(!Self.verify(key, "message", sum + signature[66...]))
    #expect(Self.verify(key, "message", signature))
  }

  /// A signature of one curve or padding is none of another.
  @Test func refusesSignaturesOfOtherAlgorithms() throws {
    for algorithm in JWSAlgorithm.allCases {
      let signature = try TestKeys.key(algorithm).signature(of: [UInt8]("message".utf8))
      for other in JWSAlgorithm.allCases {
        let jwk = try TestKeys.key(other).publicJWK
        let key = try #require(try KeySet(jwks: ["keys": [jwk]]).keys.first)
        #expect(Self.verify(key, "message", signature) == (algorithm == other), "\(algorithm) \(other)")
      }
    }
  }

  /// One RSA key, six algorithms: each takes its own signatures only.
  @Test func theAlgorithmBelongsToTheKey() throws {
    let signers = try ForeignSigner.rsa.algorithms.map { ($0, try ForeignSigner.rsa.sign("message", $0)) }
    let keys = try KeySet(jwks: ["keys": [ForeignSigner.rsa.publicJWK]])
    #expect(keys.keys.count == 6)
    #expect(Set(keys.keys.map(\.thumbprint)).count == 1)
    for key in keys.keys {
      for (algorithm, signature) in signers {
        #expect(Self.verify(key, "message", signature) == (key.algorithm == algorithm))
      }
    }
  }

  /// RFC 7518 §3.5: the salt is as long as the digest, and MGF1 uses that digest.
  @Test(arguments: [
    (JWSAlgorithm.ps256, 32, "SHA256", true), (.ps256, 0, "SHA256", false), (.ps256, 20, "SHA256", false),
    (.ps256, 31, "SHA256", false), (.ps256, 33, "SHA256", false), (.ps256, 222, "SHA256", false),
    (.ps256, 32, "SHA1", false), (.ps256, 32, "SHA512", false),
    (.ps384, 48, "SHA384", true), (.ps384, 32, "SHA384", false), (.ps384, 48, "SHA256", false),
    (.ps512, 64, "SHA512", true), (.ps512, 190, "SHA512", false), (.ps512, 64, "SHA1", false),
  ])
  func takesOneFormOfPSS(_ algorithm: JWSAlgorithm, _ salt: Int, _ mask: String, _ isValid: Bool) throws {
    let signer = ForeignSigner.rsa
    let signature = try signer.sign("message", algorithm, salt: Int32(salt), mask: mask)
    let keys = try KeySet(jwks: ["keys": [signer.publicJWK]])
    let key = try #require(keys.candidates(kid: nil, algorithm: algorithm).first)
    #expect(Self.verify(key, "message", signature) == isValid)
  }

  /// Points of small order: OpenSSL loads them, and a signature of R = 1, S = 0 fits many messages.
  @Test(arguments: [
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
    "7P_______________________________________38", "7P________________________________________8",
    "7f_______________________________________38", "7f________________________________________8",
    "7v_______________________________________38", "7v________________________________________8",
    "_________________________________________38", "__________________________________________8",
    "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU",
    "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o",
  ])
  func refusesWeakKeysOfEd25519(_ x: String) throws {
    let keys = try KeySet(jwks: ["keys": [["kty": "OKP", "crv": "Ed25519", "x": .string(x)]]])
    #expect(keys.keys.isEmpty)
    #expect(keys.skipped.first?.reason == .invalidKey)
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
