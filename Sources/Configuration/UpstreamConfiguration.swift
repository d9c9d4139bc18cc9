/// `upstream` of a route: the MCP server behind it and the connections to it.
package struct UpstreamConfiguration: Equatable, Sendable {
  /// Where requests go. Its authority becomes the Host field (GW-72), its path replaces the route's.
  package let url: WebURL
  /// A UNIX-domain socket to connect to instead of the URL's host and port.
  package let socket: String?
  package let http2: HTTP2Use
  /// Nil unless the URL is https.
  package let tls: UpstreamTLSConfiguration?
  /// Open connections to the upstream.
  package let maxConnections: Int
  /// Requests that wait for a connection; one more is refused.
  package let maxWaiting: Int
  /// How long an unused connection is kept. The default stays below the 5 s after which uvicorn closes its
  /// own.
  package let idleTimeout: Duration
  package let connectTimeout: Duration
  /// From the end of the request to the response head.
  package let responseTimeout: Duration

  init?(_ mapping: MappingReader) {
    let url = mapping.required("url", .webURL(example: "http://127.0.0.1:8000/mcp"))
    socket = mapping.value("socket", .socketPath)
    http2 = mapping.value("http2", .word, default: .auto)
    tls = Self.tls(mapping, url)
    maxConnections = mapping.value("max_connections", .integer(1...100_000), default: 256)
    maxWaiting = mapping.value("max_waiting", .integer(0...1_000_000), default: 1024)
    idleTimeout = mapping.value("idle_timeout", .timeout, default: .seconds(4))
    connectTimeout = mapping.value("connect_timeout", .timeout, default: .seconds(5))
    responseTimeout = mapping.value("response_timeout", .timeout, default: .minutes(1))
    guard let url else { return nil }
    self.url = url
  }

  private static func tls(_ mapping: MappingReader, _ url: WebURL?) -> UpstreamTLSConfiguration? {
    let tls = mapping.section("tls") { UpstreamTLSConfiguration($0, host: url?.host ?? "") }
    guard let url, url.scheme == .http else { return tls }
    if mapping.contains("tls") {
      mapping.report(
        Fault("the url is http, so nothing here would be used", remedy: "Write https in the url, or remove tls."),
        at: "tls")
    }
    return nil
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("url", url.description)
    yaml.string("socket", ifPresent: socket)
    yaml.plain("http2", http2.rawValue)
    if let tls { yaml.section("tls", tls.write) }
    yaml.plain("max_connections", maxConnections)
    yaml.plain("max_waiting", maxWaiting)
    yaml.plain("idle_timeout", idleTimeout.configurationText)
    yaml.plain("connect_timeout", connectTimeout.configurationText)
    yaml.plain("response_timeout", responseTimeout.configurationText)
  }
}
