internal import COpenSSL
internal import JSON

/// A signature algorithm of RFC 7518 §3.1 or RFC 8037 §3.1. Only asymmetric ones: whoever can check a token
/// must not be able to make one. Another algorithm is another case and its row in ``traits``.
package enum JWSAlgorithm: String, CaseIterable, Sendable {
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"

  /// The algorithm of exactly that JOSE name; names are case-sensitive (RFC 7515 §4.1.1).
  package init?(name: String) {
    guard let algorithm = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
    self = algorithm
  }
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
    /// RSASSA-PSS instead of PKCS #1 v1.5.
    var isPSS = false

    /// Sets the padding of a context that is ready to sign or to verify.
    ///
    /// RFC 7518 §3.5: MGF1 with the same digest and a salt of its length. When verifying, a salt of another
    /// length is refused.
    func configure(_ context: OpaquePointer?) -> Bool {
      guard case .rsa = key else { return true }
      guard isPSS else { return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 }
      return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
        && EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, digest, nil) == 1
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
    }
  }

  var traits: Traits {
    switch self {
    case .rs256: Traits(key: .rsa, digest: "SHA256")
    case .rs384: Traits(key: .rsa, digest: "SHA384")
    case .rs512: Traits(key: .rsa, digest: "SHA512")
    case .ps256: Traits(key: .rsa, digest: "SHA256", isPSS: true)
    case .ps384: Traits(key: .rsa, digest: "SHA384", isPSS: true)
    case .ps512: Traits(key: .rsa, digest: "SHA512", isPSS: true)
    case .es256: Traits(key: .elliptic(crv: "P-256", group: "prime256v1", coordinate: 32), digest: "SHA256")
    case .es384: Traits(key: .elliptic(crv: "P-384", group: "secp384r1", coordinate: 48), digest: "SHA384")
    case .es512: Traits(key: .elliptic(crv: "P-521", group: "secp521r1", coordinate: 66), digest: "SHA512")
    case .edDSA: Traits(key: .octet(crv: "Ed25519", name: "ED25519", length: 32), digest: nil)
    }
  }
}
