internal import JOSE

extension JWSAlgorithm {
  /// What OpenSSL has to be told about an algorithm, said here once more: nothing is measured by the tables that it is
  /// measured against.
  enum Family {
    case rsa(isPSS: Bool)
    case ecdsa(group: String, coordinate: Int)
    case ed25519
  }

  var family: Family {
    switch self {
    case .rs256, .rs384, .rs512: .rsa(isPSS: false)
    case .ps256, .ps384, .ps512: .rsa(isPSS: true)
    case .es256: .ecdsa(group: "P-256", coordinate: 32)
    case .es384: .ecdsa(group: "P-384", coordinate: 48)
    case .es512: .ecdsa(group: "P-521", coordinate: 66)
    case .edDSA: .ed25519
    }
  }

  /// OpenSSL's name of the digest. Ed25519 has its own.
  var digestName: String? {
    if case .ed25519 = family { nil } else { "SHA" + rawValue.suffix(3) }
  }
}
