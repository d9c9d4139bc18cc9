internal import Bytes
internal import JSON

/// What a token is bound to besides being carried (`cnf`, RFC 7800 §3.1).
struct Confirmation: Equatable {
  /// SHA-256 of a client certificate (`x5t#S256`, RFC 8705 §3.1).
  var certificate: [UInt8]?
  /// Thumbprint of a key that proofs are made with (`jkt`, RFC 9449 §6.1).
  var proofKey: [UInt8]?

  /// - Throws: when the token is bound in a way that cannot be checked here: it must not be taken for one that is not
  ///   bound.
  init(_ claims: Claims) throws(TokenFault) {
    guard let value = claims.confirmation else { return }
    guard case .object(let members) = value, !members.isEmpty else { throw .unsupportedConfirmation }
    for member in members.members {
      guard let text = member.value.stringValue, let digest = Base64URL.decode(text: text), digest.count == 32 else {
        throw .unsupportedConfirmation
      }
      switch member.name {
      case "x5t#S256": certificate = digest
      case "jkt": proofKey = digest
      default: throw .unsupportedConfirmation
      }
    }
  }
}
