/// `dpop` of an entry of `authorization`: tokens that are bound to a key of the client (RFC 9449).
package struct DPoPConfiguration: Equatable, Sendable {
  package enum Mode: String, CaseIterable, Sendable {
    /// Tokens that are bound need a proof; others are accepted as bearer tokens.
    case optional
    /// Only bound tokens are accepted.
    case required
  }

  package let mode: Mode
  /// Whether a proof must carry a nonce of the gateway (RFC 9449 §9).
  package let nonce: Bool
  /// How old the `iat` of a proof may be.
  package let maxAge: Duration
  /// JOSE names of the signatures that a proof may have; never empty.
  package let algorithms: [String]

  init(_ mapping: MappingReader) {
    mode = mapping.value("mode", .word, default: .optional)
    nonce = mapping.value("nonce", .bool, default: false)
    maxAge = mapping.value("max_age", .duration(.seconds(10) ... .minutes(10)), default: .minutes(1))
    algorithms = SignatureAlgorithm.list(
      mapping, "algorithms",
      default: [.es256, .es384, .es512, .ps256, .ps384, .ps512, .rs256, .rs384, .rs512, .edDSA])
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.plain("mode", mode.rawValue)
    yaml.plain("nonce", nonce)
    yaml.plain("max_age", maxAge.configurationText)
    yaml.strings("algorithms", algorithms)
  }
}
