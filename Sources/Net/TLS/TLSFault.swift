import COpenSSL

/// A file of the TLS configuration that cannot be used, and what to do about it.
package struct TLSFault: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  package let what: String
  package let remedy: String

  package var description: String { "\(file): \(what); \(remedy)" }

  /// With OpenSSL's reason in parentheses; empties its error queue.
  static func openSSL(_ file: String, _ what: String, _ remedy: String) -> TLSFault {
    let code = ERR_peek_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else {
      return TLSFault(file: file, what: what, remedy: remedy)
    }
    return TLSFault(file: file, what: "\(what) (\(String(cString: reason)))", remedy: remedy)
  }
}
