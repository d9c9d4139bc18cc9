package import Bytes

/// What stands for a token where tokens are remembered: its SHA-256. The token itself is never kept.
package struct TokenDigest: Equatable {
  fileprivate(set) var value: SHA256Hasher.Value

  /// A number in which digests differ evenly.
  var spread: Int { Int(truncatingIfNeeded: value.words.0) }

  /// A byte of it that ``spread`` has no part in; never 0.
  var tag: UInt8 { max(UInt8(truncatingIfNeeded: value.words.1), 1) }

  /// Of no token.
  static let none = TokenDigest(value: SHA256Hasher.Value())
}

/// Makes digests of tokens without allocating.
package final class TokenHasher {
  private let hasher: SHA256Hasher?

  package init() { hasher = SHA256Hasher() }

  /// - Returns: nil for a token that no verifier would look at, and when OpenSSL has no SHA-256: then nothing is
  ///   remembered.
  package func digest(of token: ByteView) -> TokenDigest? {
    guard token.count <= CompactJWS.longest else { return nil }
    return hasher?.digest(of: token).map { TokenDigest(value: $0) }
  }
}
