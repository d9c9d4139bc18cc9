import CNghttp2

/// The HTTP/2 library this build runs with.
package enum HTTP2Library {
  /// For example `1.52.0`.
  package static var version: String {
    guard let info = nghttp2_version(0), let text = info.pointee.version_str else { return "unknown" }
    return String(cString: text)
  }
}
