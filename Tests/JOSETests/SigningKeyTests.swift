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

  @Test(arguments: [3072, 4096])
  func makesLongerKeysForRSA(_ bits: Int) throws {
    let signer = try SigningKey.generate(.ps384, kid: nil, bits: Int32(bits))
    let keys = try KeySet(jwks: ["keys": [signer.publicJWK]])
    #expect(try signer.sign(["a": 1]).verified(by: keys) == "{\"a\":1}")
    #expect(try signer.signature(of: []).count == bits / 8)
  }

  @Test func withoutAKeyIDTheHeaderNamesNone() throws {
    let signer = try SigningKey.generate(.es256, kid: nil)
    let header = try #require(try signer.sign([:]).split(separator: ".").first)
    #expect(Base64URL.decode(String(header)) == [UInt8]("{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}".utf8))
    #expect(signer.publicJWK["kid"] == nil)
  }

  // MARK: Keys from files

  static let loadable: [(String, JWSAlgorithm)] = [
    ("RSA", .rs256), ("prime256v1", .es256), ("secp384r1", .es384), ("secp521r1", .es512), ("ED25519", .edDSA),
  ]

  @Test(arguments: loadable)
  func loadsPEM(_ type: String, _ algorithm: JWSAlgorithm) throws {
    let key = TestPEM.generate(type)
    let forms = [TestPEM.modern(key), type == "ED25519" ? TestPEM.modern(key) : TestPEM.traditional(key)]
    for pem in forms {
      let signer = try SigningKey.load(pem: pem, kid: "k")
      #expect(signer.algorithm == algorithm)
      #expect(signer.kid == "k")
      let keys = try KeySet(jwks: ["keys": [signer.publicJWK]])
      #expect(try signer.sign(["a": 1]).verified(by: keys) == "{\"a\":1}")
    }
    #expect(Set(try forms.map { try SigningKey.load(pem: $0, kid: nil).publicJWK.serialized() }).count == 1)
  }

  @Test(arguments: [JWSAlgorithm.rs384, .rs512, .ps256, .ps384, .ps512])
  func loadsForAnotherAlgorithmOfTheKey(_ algorithm: JWSAlgorithm) throws {
    let signer = try SigningKey.load(pem: TestPEM.modern(TestPEM.generate("RSA")), kid: nil, algorithm: algorithm)
    #expect(signer.algorithm == algorithm)
    let keys = try KeySet(jwks: ["keys": [signer.publicJWK]])
    #expect(try signer.sign(["a": 1]).verified(by: keys) == "{\"a\":1}")
  }

  /// `openssl ecparam -genkey` writes the curve in front of the key.
  @Test func textAroundTheKeyIsPassedOver() throws {
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    let pem = [UInt8](("# ours\n" + parameters).utf8) + TestPEM.traditional(TestPEM.generate("prime256v1"))
    #expect(try SigningKey.load(pem: pem, kid: nil).algorithm == .es256)
  }

  static let unloadable: [([UInt8], JWSAlgorithm?, String)] = [
    ([], nil, "holds no private key that can be read: give an unencrypted key in PEM"),
    ([UInt8]("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8), nil, "holds no private key"),
    (TestPEM.publicHalf(TestPEM.generate("RSA")), nil, "holds no private key"),
    (TestPEM.publicHalf(TestPEM.generate("prime256v1")), nil, "holds no private key"),
    (
      TestPEM.encrypted(TestPEM.generate("prime256v1")), nil,
      "the private key is encrypted: decrypt it with openssl pkey"
    ),
    (TestPEM.traditionalEncrypted(TestPEM.generate("RSA")), nil, "the private key is encrypted"),
    (TestPEM.modern(TestPEM.generate("RSA", bits: 1024)), nil, "an RSA key of 1024 bits is too short"),
    (TestPEM.modern(TestPEM.generate("secp256k1")), nil, "a key of type EC secp256k1 is not supported"),
    (TestPEM.modern(TestPEM.generate("X25519")), nil, "a key of type X25519 is not supported"),
    (TestPEM.modern(TestPEM.generate("ED448")), nil, "a key of type ED448 is not supported"),
    (TestPEM.modern(TestPEM.generate("RSA-PSS")), nil, "a key of type RSA-PSS is not supported"),
    (TestPEM.modern(TestPEM.generate("RSA")), .es256, "the key is not for ES256"),
    (TestPEM.modern(TestPEM.generate("secp384r1")), .es256, "the key is not for ES256"),
    (TestPEM.modern(TestPEM.generate("ED25519")), .rs256, "the key is not for RS256"),
  ]

  @Test(arguments: unloadable)
  func saysWhyAKeyCannotBeLoaded(_ pem: [UInt8], _ algorithm: JWSAlgorithm?, _ description: String) {
    #expect {
      try SigningKey.load(pem: pem, kid: nil, algorithm: algorithm)
    } throws: { error in
      "\(error)".hasPrefix(description)
    }
  }
}
