internal import COpenSSL

/// The cryptography library this build runs with.
package enum CryptoLibrary {
  /// For example `3.0.19`.
  package static var version: String {
    guard let text = OpenSSL_version(OPENSSL_VERSION_STRING) else { return "unknown" }
    return String(cString: text)
  }
}
