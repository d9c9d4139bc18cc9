import Configuration
import JOSE

/// Where the rule behind a check stands in the configuration.
struct RuleLocation {
  let sources: SourceMap
  /// The key path of the entry of `authorization`.
  let path: String

  /// The keys of an entry that decide about a requirement; the first one that is written counts.
  private static func keys(_ requirement: TokenRequirement) -> [String] {
    switch requirement {
    case .algorithm: ["allowed_algorithms"]
    case .type: ["token_type"]
    case .issuer: ["issuer", "discovery_url"]
    case .expiry, .notBefore, .issuedAt: ["clock_skew"]
    case .audience: ["allowed_audience"]
    case .kind: ["token_type"]
    case .signature: ["jwks_file", "jwks_uri", "discovery_url", "issuer"]
    case .confirmation: ["dpop", "certificate_bound_tokens"]
    case .client: ["allowed_clients"]
    case .customClaims: ["custom_claims"]
    case .scopes: ["allowed_scopes"]
    }
  }

  /// The rule that is written, or the entry that leaves it at its default.
  ///
  /// - Parameter index: of a custom claim; those of presets are not written.
  func rule(_ requirement: TokenRequirement, index: Int?) -> TokenReport.Rule {
    let keys = Self.keys(requirement)
    let written = keys.first { sources.isWritten("\(path).\($0)") }
    var place = "\(path).\(written ?? keys[0])"
    if let index, sources.isWritten("\(place)[\(index)]") { place += "[\(index)]" }
    return TokenReport.Rule(path: place, place: sources.place(of: written == nil ? path : place))
  }

  /// One key of the entry, be it written or not.
  func rule(at key: String) -> TokenReport.Rule {
    let place = "\(path).\(key)"
    return TokenReport.Rule(path: place, place: sources.place(of: place))
  }
}
