internal import COpenSSL

/// A signature algorithm of RFC 7518 §3.1 or RFC 8037 §3.1. Only asymmetric ones: whoever can check a token
/// must not be able to make one. Another algorithm is another case and its row in ``traits``.
package enum JWSAlgorithm: String, CaseIterable, Sendable {
  case rs256 = "RS256"
  case es256 = "ES256"
  case edDSA = "EdDSA"
}

extension JWSAlgorithm {
  /// The kind of key an algorithm needs, in the words of JWK and of OpenSSL.
  enum KeyKind {
    case rsa
    case elliptic(crv: String, group: StaticString, coordinate: Int)
    case octet(crv: String, name: String, length: Int)

    /// The `kty` of RFC 7517 §4.1.
    var kty: String {
      switch self {
      case .rsa: "RSA"
      case .elliptic: "EC"
      case .octet: "OKP"
      }
    }

    /// The `crv` of RFC 7518 §6.2.1.1 and RFC 8037 §2, where the kind has one.
    var crv: String? {
      switch self {
      case .rsa: nil
      case .elliptic(let crv, _, _), .octet(let crv, _, _): crv
      }
    }
  }

  struct Traits {
    let key: KeyKind
    /// OpenSSL's name of the digest; nil where the algorithm includes its own.
    let digest: String?
  }

  var traits: Traits {
    switch self {
    case .rs256: Traits(key: .rsa, digest: "SHA256")
    case .es256: Traits(key: .elliptic(crv: "P-256", group: "prime256v1", coordinate: 32), digest: "SHA256")
    case .edDSA: Traits(key: .octet(crv: "Ed25519", name: "ED25519", length: 32), digest: nil)
    }
  }
}
