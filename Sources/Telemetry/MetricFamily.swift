/// One metric as it is shown: its name, what it means, and the labels that tell its series apart.
struct MetricFamily: Sendable {
  struct Axis: Sendable {
    let label: StaticString
    let values: [StaticString]
  }

  /// Without the prefix that all share.
  let name: StaticString
  let help: StaticString
  let type: StaticString
  let axes: [Axis]

  private init(
    _ type: StaticString, _ name: StaticString, _ axes: [(StaticString, [StaticString])], _ help: StaticString
  ) {
    self.name = name
    self.help = help
    self.type = type
    self.axes = axes.map { Axis(label: $0.0, values: $0.1) }
  }

  /// How many series there are: every combination of label values.
  var size: Int { axes.reduce(1) { $0 * $1.values.count } }

  /// Those whose series are known beforehand, in the order of their slots.
  static let fixed = [
    MetricFamily(
      "counter", "connections_accepted_total", [("listener", listeners)], "Connections accepted from clients."),
    MetricFamily("gauge", "connections_open", [("listener", listeners)], "Connections of clients that are open."),
    MetricFamily(
      "counter", "tls_handshakes_total", [("version", ["1.2", "1.3"]), ("resumed", ["false", "true"])],
      "TLS handshakes with clients that were completed."),
    MetricFamily(
      "counter", "requests_total",
      [("protocol", protocols), ("status", ["none", "1xx", "2xx", "3xx", "4xx", "5xx"])],
      "Requests that ended; status none: the client left before the response."),
    MetricFamily(
      "counter", "upstream_connections_opened_total", [("protocol", protocols)],
      "Connections to MCP servers that were established."),
    MetricFamily(
      "counter", "upstream_connections_failed_total", [("protocol", ["unknown"] + protocols)],
      "Connections to MCP servers that were not established."),
  ]

  static func of(_ counter: CauseCounter) -> MetricFamily {
    switch counter {
    case .connectionsRefused:
      MetricFamily(
        "counter", "connections_refused_total", [("cause", [])],
        "Connections of clients that were closed before their first request.")
    case .handshakesFailed:
      MetricFamily(
        "counter", "tls_handshake_failures_total", [("reason", [])], "TLS handshakes with clients that failed.")
    case .http2Abuse:
      MetricFamily(
        "counter", "http2_connections_abused_total", [("cause", [])], "HTTP/2 connections that were ended for abuse.")
    case .keyFetches:
      MetricFamily(
        "counter", "key_fetches_total", [("outcome", [])],
        "Attempts to fetch the keys of identity providers: changed, unchanged or failed.")
    case .proxyHeadersRefused:
      MetricFamily(
        "counter", "proxy_headers_refused_total", [("reason", [])],
        "Connections without the PROXY header that the listener asks for.")
    case .upstreamFailures:
      MetricFamily(
        "counter", "upstream_failures_total", [("reason", [])],
        "Requests that got no response, or a broken one, from their MCP server.")
    case .introspectionFailures:
      MetricFamily(
        "counter", "introspection_failures_total", [("outcome", [])],
        "Questions about tokens that a provider did not answer; pause: after several of them, none are asked for a while."
      )
    case .tokensRefused:
      MetricFamily(
        "counter", "tokens_refused_total", [("reason", [])],
        "Requests whose access token, or the proof that came with it, was refused.")
    }
  }

  static let certificateExpiry = MetricFamily(
    "gauge", "tls_certificate_expiry_timestamp_seconds", [("certificate", []), ("name", [])],
    "When a certificate in use expires, in seconds since 1970.")

  private static let listeners: [StaticString] = ["clear", "tls"]
  private static let protocols: [StaticString] = ["http1", "http2"]
}
