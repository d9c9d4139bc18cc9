/// How metrics tell listeners apart.
package enum ListenerLabel: Int, Sendable, CaseIterable {
  case clear, tls
}

/// How metrics tell protocols apart.
package enum ProtocolLabel: Int, Sendable, CaseIterable {
  case http1, http2
}

/// How metrics tell versions of TLS apart.
package enum TLSLabel: Int, Sendable, CaseIterable {
  case v12, v13
}

/// What is counted on hot paths: each series has its own place in one array.
package enum Counter: Sendable {
  case connectionsAccepted(ListenerLabel)
  case handshakesCompleted(TLSLabel, resumed: Bool)
  /// - Parameter status: the status sent; 0 when the client left before.
  case requests(ProtocolLabel, status: Int)
  case upstreamConnectionsOpened(ProtocolLabel)
  /// Nil: it failed before the protocol was known.
  case upstreamConnectionsFailed(ProtocolLabel?)

  /// The rows of ``MetricFamily/fixed`` in their order.
  var slot: Int {
    switch self {
    case .connectionsAccepted(let listener): listener.rawValue
    case .handshakesCompleted(let version, let resumed): 4 + version.rawValue * 2 + (resumed ? 1 : 0)
    case .requests(let version, let status): 8 + version.rawValue * 6 + (100..<600 ~= status ? status / 100 : 0)
    case .upstreamConnectionsOpened(let version): 20 + version.rawValue
    case .upstreamConnectionsFailed(let version): 22 + (version.map { $0.rawValue + 1 } ?? 0)
    }
  }
}

/// What goes up and down.
package enum Gauge: Sendable {
  case connectionsOpen(ListenerLabel)

  var slot: Int {
    switch self {
    case .connectionsOpen(let listener): 2 + listener.rawValue
    }
  }
}

/// What is counted by cause. Causes are spelled where they arise: literals, so that their number is limited by the
/// program and not by what peers send.
package enum CauseCounter: Int, Sendable, CaseIterable {
  case connectionsRefused, handshakesFailed, http2Abuse, introspectionFailures, keyFetches, proxyHeadersRefused,
    tokensRefused, upstreamFailures
}
