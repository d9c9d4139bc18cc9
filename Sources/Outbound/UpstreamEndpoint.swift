package import Wire

/// A backend or provider and how it may be used.
package struct UpstreamEndpoint: Sendable {
  package enum Address: Sendable {
    /// A host name or address literal.
    case host(String, port: Int)
    /// A UNIX-domain socket.
    case socket(String)
  }

  package var address: Address
  /// Connections at the most; requests beyond them wait.
  package var maxConnections = 256
  /// Requests that may wait for a connection.
  package var maxWaiting = 1024
  /// Milliseconds an idle connection is kept. Shorter than the backend's own limit, or requests meet its closing.
  package var idleTimeout: UInt64 = 4_000
  /// Milliseconds to connect.
  package var connectTimeout: UInt64 = 5_000
  /// Milliseconds from the request to the response head; also the longest wait for a connection.
  package var responseTimeout: UInt64 = 60_000
  package var limits = HeadLimits(headSize: 65_536, targetSize: 8_192, fieldCount: 200)

  package init(_ address: Address) { self.address = address }
}
