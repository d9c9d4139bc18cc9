internal import COpenSSL

/// OpenSSL could not do its work: no memory, no entropy, no such algorithm.
package struct CryptoFailure: Error, Equatable, CustomStringConvertible {
  /// OpenSSL's reason, or what was attempted when it gave none.
  package let description: String

  /// Takes the oldest entry of OpenSSL's error queue and empties the queue.
  init(_ attempt: StaticString) {
    let code = ERR_peek_error()
    ERR_clear_error()
    if code != 0, let reason = ERR_reason_error_string(code) {
      description = "\(attempt): \(String(cString: reason))"
    } else {
      description = "\(attempt)"
    }
  }

  /// Succeeds with the handle that OpenSSL returned.
  static func unwrap<T>(_ handle: T?, _ attempt: StaticString) throws(CryptoFailure) -> T {
    guard let handle else { throw CryptoFailure(attempt) }
    return handle
  }

  /// Succeeds when OpenSSL returned one.
  static func check(_ result: Int32, _ attempt: StaticString) throws(CryptoFailure) {
    guard result == 1 else { throw CryptoFailure(attempt) }
  }
}
