/// A condition on a custom claim. The name is looked up literally among the top-level claims; a claim that is
/// absent or of another type does not match.
package struct ClaimRule: Equatable, Sendable {
  package enum Match: Equatable, Sendable {
    /// The claim is this string.
    case equals(String)
    /// The claim is an array of strings with this one among them.
    case contains(String)
    /// The claim is an array of strings with any of these among them.
    case containsAny([String])
  }

  package let name: String
  package let match: Match

  package init(name: String, match: Match) {
    self.name = name
    self.match = match
  }
}
