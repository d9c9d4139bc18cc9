internal import Bytes
internal import COpenSSL

/// SHA-256 with the digest fetched once and the context used again and again: nothing is allocated per
/// digest.
final class SHA256Hasher {
  /// The 32 bytes of a digest, as they lie in memory.
  struct Value: Equatable {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    static func == (left: Value, right: Value) -> Bool { left.words == right.words }
  }

  private let digest: OpaquePointer
  private let context: OpaquePointer

  /// Fails when OpenSSL has no memory or no SHA-256.
  init?() {
    guard let digest = EVP_MD_fetch(nil, "SHA256", nil) else {
      ERR_clear_error()
      return nil
    }
    guard let context = EVP_MD_CTX_new() else {
      EVP_MD_free(digest)
      return nil
    }
    self.digest = digest
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
    EVP_MD_free(digest)
  }

  func digest(of bytes: ByteView) -> Value? {
    var value = Value()
    let isDone = withUnsafeMutableBytes(of: &value) { target in
      EVP_DigestInit_ex2(context, digest, nil) == 1
        && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
        && EVP_DigestFinal_ex(context, target.baseAddress?.assumingMemoryBound(to: UInt8.self), nil) == 1
    }
    guard isDone else {
      ERR_clear_error()
      return nil
    }
    return value
  }
}
