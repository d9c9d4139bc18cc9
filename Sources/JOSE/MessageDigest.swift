internal import Bytes
internal import COpenSSL

/// One digest algorithm, fetched once, and a context that is used again and again: nothing is allocated for
/// a digest.
final class MessageDigest {
  /// Bytes of the longest digest there is here: SHA-512.
  static let longest = 64

  /// The EVP_MD; lives as long as this.
  let algorithm: OpaquePointer
  let length: Int
  private let context: OpaquePointer

  /// - Parameter name: OpenSSL's, such as `SHA256`.
  /// - Returns: nil when OpenSSL has no memory or no such digest.
  init?(_ name: String) {
    guard let algorithm = EVP_MD_fetch(nil, name, nil) else {
      ERR_clear_error()
      return nil
    }
    guard let context = EVP_MD_CTX_new() else {
      EVP_MD_free(algorithm)
      return nil
    }
    self.algorithm = algorithm
    self.context = context
    length = Int(EVP_MD_get_size(algorithm))
  }

  deinit {
    EVP_MD_CTX_free(context)
    EVP_MD_free(algorithm)
  }

  /// Writes ``length`` bytes to `target`.
  ///
  /// - Returns: whether it could.
  func digest(_ bytes: ByteView, into target: UnsafeMutableRawPointer?) -> Bool {
    let isDone =
      EVP_DigestInit_ex2(context, algorithm, nil) == 1
      && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
      && EVP_DigestFinal_ex(context, target?.assumingMemoryBound(to: UInt8.self), nil) == 1
    if !isDone { ERR_clear_error() }
    return isDone
  }
}
