import Foundation
import JOSE
import JSON
import JWTKit

/// The same private keys for both implementations, one for each algorithm, and a stranger's.
struct OracleKeys {
  static let types: [(JWSAlgorithm, String)] = [
    (.rs256, "RSA"), (.rs384, "RSA"), (.rs512, "RSA"), (.ps256, "RSA"), (.ps384, "RSA"), (.ps512, "RSA"),
    (.es256, "prime256v1"), (.es384, "secp384r1"), (.es512, "secp521r1"), (.edDSA, "ED25519"),
  ]

  let ours: [SigningKey]
  /// Strangers that go by the key IDs of ours.
  let strangers: [SigningKey]
  let published: KeySet
  /// Knows the same key set, and no key for tokens of unknown key IDs.
  let judges: JWTKeyCollection
  let signers: JWTKeyCollection

  init() async throws {
    let pems = Self.types.map { TestPEM.modern(TestPEM.generate($0.1)) }
    let keys = try zip(Self.types, pems).map { type, pem in
      try SigningKey.load(pem: pem, kid: "key-\(type.0.rawValue)", algorithm: type.0)
    }
    ours = keys
    strangers = try Self.types.map { try SigningKey.generate($0.0, kid: "key-\($0.0.rawValue)") }
    let document: JSONValue = ["keys": .array(keys.map(\.publicJWK))]
    published = try KeySet(jwks: document)
    judges = JWTKeyCollection()
    let jwks = try JSONDecoder().decode(JWKS.self, from: Data(document.serialized()))
    for jwk in jwks.keys { try await judges.add(jwk: jwk, isDefault: false) }
    signers = JWTKeyCollection()
    for (type, pem) in zip(Self.types, pems) {
      try await Self.add(type.0, String(decoding: pem, as: UTF8.self), to: signers)
    }
  }

  private static func add(_ algorithm: JWSAlgorithm, _ pem: String, to signers: JWTKeyCollection) async throws {
    let kid = JWKIdentifier(string: "key-\(algorithm.rawValue)")
    switch algorithm {
    case .rs256: try await signers.add(rsa: Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha256, kid: kid)
    case .rs384: try await signers.add(rsa: Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha384, kid: kid)
    case .rs512: try await signers.add(rsa: Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha512, kid: kid)
    case .ps256: try await signers.add(pss: Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha256, kid: kid)
    case .ps384: try await signers.add(pss: Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha384, kid: kid)
    case .ps512: try await signers.add(pss: Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha512, kid: kid)
    case .es256: try await signers.add(ecdsa: ES256PrivateKey(pem: pem), kid: kid)
    case .es384: try await signers.add(ecdsa: ES384PrivateKey(pem: pem), kid: kid)
    case .es512: try await signers.add(ecdsa: ES512PrivateKey(pem: pem), kid: kid)
    case .edDSA: try await signers.add(eddsa: EdDSA.PrivateKey(pem: pem), kid: kid)
    }
  }
}
