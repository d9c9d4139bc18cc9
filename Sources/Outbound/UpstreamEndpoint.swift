package import Net
package import Wire

/// A backend or provider and how it may be used.
package struct UpstreamEndpoint {
  package enum Address: Sendable {
    /// A host name or address literal.
    case host(String, port: Int)
    /// A UNIX-domain socket.
    case socket(String)
  }

  /// When HTTP/2 is spoken.
  package enum HTTP2Use: Sendable {
    /// Over TLS when the peer chooses it (ALPN); in the clear never.
    case auto
    /// In the clear with prior knowledge; over TLS a peer without it fails.
    case always
    case never
  }

  package var address: Address
  /// Where the other end of connections is, for whom it matters who has looked: its name is not looked up then. What
  /// it is called does not change: in TLS, in its certificate, in requests.
  package var pinnedAddresses: [SocketAddress]?
  /// Nil: clear.
  package var tls: UpstreamTLS?
  /// Where connections go instead of to the address: over TLS through a tunnel. In the clear the proxy takes requests
  /// whose target is in absolute form.
  package var proxy: ForwardProxy?
  package var http2 = HTTP2Use.auto
  /// Connections at the most; requests beyond them wait.
  package var maxConnections = 256
  /// Requests that may wait for a connection.
  package var maxWaiting = 1024
  /// Milliseconds an idle connection is kept. Shorter than the backend's own limit, or requests meet its closing.
  package var idleTimeout: UInt64 = 4_000
  /// Milliseconds to connect, the TLS handshake included.
  package var connectTimeout: UInt64 = 5_000
  /// Milliseconds from the request to the response head; also the longest wait for a connection.
  package var responseTimeout: UInt64 = 60_000
  package var limits = HeadLimits(headSize: 65_536, targetSize: 8_192, fieldCount: 200)

  package init(_ address: Address) { self.address = address }

  /// 0 for a UNIX-domain socket.
  var port: Int {
    switch address {
    case .host(_, let port): port
    case .socket: 0
    }
  }

  /// Host and port; empty for a UNIX-domain socket.
  var authority: String {
    switch address {
    case .host(let host, let port): Authority.text(host, port)
    case .socket: ""
    }
  }

  /// The other end of our connections.
  var peer: Address { proxy.map { .host($0.host, port: $0.port) } ?? address }

  /// Whether one connection may come to carry many requests.
  var mayMultiplex: Bool { http2 == .always || (http2 == .auto && tls != nil) }
}

extension UpstreamEndpoint {
  /// The origin of a document.
  ///
  /// - Parameters:
  ///   - tls: how to secure connections when the location is https.
  ///   - proxy: not asked for this machine: what it calls loopback is another one, behind a network.
  /// - Returns: nil when they cannot be secured.
  package init?(_ location: Fetch.Location, tls: TLSClientContext?, proxy: ForwardProxy?) {
    self.init(.host(location.host, port: location.port))
    if !Self.isLoopback(location) { self.proxy = proxy }
    guard location.isSecure else { return }
    guard let tls else { return nil }
    self.tls = UpstreamTLS(tls, name: location.host)
  }

  private static func isLoopback(_ location: Fetch.Location) -> Bool {
    location.host == "localhost"
      || (IPAddress(location.host) != nil && SocketAddress.ip(location.host, port: location.port).isLoopback)
  }
}
