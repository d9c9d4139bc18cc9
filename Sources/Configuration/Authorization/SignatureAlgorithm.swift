/// The names of the signatures that can be accepted (RFC 7518 §3.1, RFC 8037 §3.1).
enum SignatureAlgorithm: String, CaseIterable {
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

  /// The names at `key`.
  static func list(_ mapping: MappingReader, _ key: String, default fallback: [Self]) -> [String] {
    let given: [Self]? = mapping.list(key, .word)
    return (given ?? fallback).map(\.rawValue)
  }
}
