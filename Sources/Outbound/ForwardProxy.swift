/// A forward proxy on the way to an origin, itself reached in the clear.
package struct ForwardProxy: Sendable, Equatable, CustomStringConvertible {
  package let host: String
  package let port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  package var description: String { Authority.text(host, port) }
}

/// Host and port as one text (RFC 3986 §3.2).
enum Authority {
  static func text(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
