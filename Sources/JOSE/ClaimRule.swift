/// A condition on claims.
package indirect enum ClaimRule: Equatable, Sendable {
  package enum Match: Equatable, Sendable {
    /// The claim is this string.
    case equals(String)
    /// The claim is one of these strings.
    case equalsAny([String])
    /// The claim is an array of strings with this one among them.
    case contains(String)
    /// The claim is an array of strings with any of these among them.
    case containsAny([String])
  }

  /// The claim of that name, or at that path (``JSON/JSONText/claim(_:)``). One that is absent or of another type does
  /// not match.
  case claim(String, Match)
  /// At least one of these holds.
  case anyOf([ClaimRule])
}

extension ClaimRule.Match {
  /// In the words of the configuration.
  var words: String {
    switch self {
    case .equals(let wanted): "EQUALS \(wanted)"
    case .equalsAny(let wanted): "EQUALS_ANY \(wanted.joined(separator: ", "))"
    case .contains(let wanted): "CONTAINS \(wanted)"
    case .containsAny(let wanted): "CONTAINS_ANY \(wanted.joined(separator: ", "))"
    }
  }
}

extension ClaimRule {
  /// In the words of the configuration.
  var words: String {
    switch self {
    case .claim(let name, let match): "\(name) \(match.words)"
    case .anyOf(let rules): "any of: " + rules.map(\.words).joined(separator: "; ")
    }
  }

  /// The claims it looks at.
  var names: [String] {
    switch self {
    case .claim(let name, _): [name]
    case .anyOf(let rules): rules.flatMap(\.names)
    }
  }
}
