internal import Bytes

/// SHA-256 as a value that compares in four steps, for tables that are keyed by digests.
final class SHA256Hasher {
  /// The 32 bytes of a digest, as they lie in memory.
  struct Value: Equatable {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    static func == (left: Value, right: Value) -> Bool { left.words == right.words }
  }

  private let sha256: MessageDigest

  /// Fails when OpenSSL has no memory or no SHA-256.
  init?() {
    guard let sha256 = MessageDigest("SHA256") else { return nil }
    self.sha256 = sha256
  }

  func digest(of bytes: ByteView) -> Value? {
    var value = Value()
    let isDone = withUnsafeMutableBytes(of: &value) { sha256.digest(bytes, into: $0.baseAddress) }
    return isDone ? value : nil
  }
}
