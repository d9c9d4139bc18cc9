import CLibuv

/// What the operating system refused, by its name and in its words; or how TLS failed.
package struct NetFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package let code: Int32
  /// Set when it was TLS; `code` is `EPROTO` then.
  package let tls: TLSFailure?

  init(_ code: Int32) {
    self.code = code
    tls = nil
  }

  init(_ failure: TLSFailure) {
    code = UV_EPROTO.rawValue
    tls = failure
  }

  /// The end of the peer's bytes.
  package static let endOfFile = NetFailure(UV_EOF.rawValue)
  /// A deadline has passed.
  package static let timedOut = NetFailure(UV_ETIMEDOUT.rawValue)
  package static let cancelled = NetFailure(UV_ECANCELED.rawValue)
  package static let notFound = NetFailure(UV_ENOENT.rawValue)
  package static let addressInUse = NetFailure(UV_EADDRINUSE.rawValue)
  package static let connectionRefused = NetFailure(UV_ECONNREFUSED.rawValue)

  /// For example `ECONNREFUSED`.
  package var name: String { uv_err_name(code).map { String(cString: $0) } ?? "UNKNOWN" }

  /// For example `connection refused (ECONNREFUSED)`.
  package var description: String {
    if let tls { return tls.description }
    let words = uv_strerror(code).map { String(cString: $0) } ?? "unknown error"
    return "\(words) (\(name))"
  }
}
