package import Wire

/// Limits and waits of client connections. Times in milliseconds.
package struct InboundSettings: Sendable {
  package var limits = HeadLimits()
  /// Open client connections at the most; beyond them accepting pauses.
  package var maxConnections = 10_000
  /// HTTP/2 streams of one connection at once.
  package var maxStreams = 128
  /// TLS handshakes of one listener under way at once; beyond them accepting pauses.
  package var maxHandshakes = 512
  /// From accepting to the end of the TLS handshake, the PROXY header included.
  package var handshake: UInt64 = 10_000
  /// From the first byte of a head to its last, and from accepting to the first byte.
  package var requestHead: UInt64 = 10_000
  /// Between two pieces of a request body; beyond it a body must keep up a pace (`ExchangeClock`).
  package var requestBody: UInt64 = 30_000
  /// Between two requests.
  package var keepAlive: UInt64 = 75_000
  /// A response on which nothing moves.
  package var streamIdle: UInt64 = 300_000
  /// The longest life of one exchange.
  package var streamMax: UInt64 = 3_600_000

  package init() {}
}
