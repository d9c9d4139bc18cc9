/// A member of a key set that cannot verify tokens here, and why. The other keys of the set are not affected.
package struct SkippedKey: Equatable, Sendable {
  package enum Reason: String, Error, CaseIterable, Sendable {
    case notAnObject = "not an object"
    case malformedMember = "a member is missing or malformed"
    case unknownKeyType = "unknown key type"
    case unknownCurve = "unknown curve"
    case otherAlgorithm = "for another algorithm"
    case otherUse = "not for verifying signatures"
    case certificateOnly = "a certificate (x5c) without the key itself"
    case tooWeak = "RSA modulus below 2048 bits"
    case invalidKey = "not a valid key"
    case duplicate = "same key, key ID and algorithm as an earlier one"
    /// Only of a key inside a message; the keys of a set may show what they like.
    case secretMember = "shows a private key"
  }

  /// Position in the `keys` array.
  package let index: Int
  package let kid: String?
  package let reason: Reason
}
