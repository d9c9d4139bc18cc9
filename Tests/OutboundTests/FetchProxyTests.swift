import Bytes
import HTTP
import Net
import Outbound
import Testing

/// Documents that are fetched through a forward proxy.
struct FetchProxyTests {
  private let test: TestLoop
  private let files: TestFiles
  private let authority: TestAuthority

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
    authority = try TestAuthority()
  }

  private func get(
    _ location: Fetch.Location, through port: Int, timeout: UInt64 = 5_000
  ) throws -> Result<Fetch.Response, Fetch.Failure> {
    let trust = try TLSClientContext(
      TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: [.http2, .http11]))
    var result: Result<Fetch.Response, Fetch.Failure>?
    Fetch.get(
      test.loop, location, tls: trust, proxy: ForwardProxy(host: "127.0.0.1", port: port), timeout: timeout
    ) { result = $0 }
    try test.run(until: { result != nil })
    return try #require(result)
  }

  private func words(_ result: Result<Fetch.Response, Fetch.Failure>) -> String? {
    if case .failure(let failure) = result { return failure.description }
    return nil
  }

  /// A host that only the proxy knows.
  private func secure(_ port: Int) -> Fetch.Location {
    Fetch.Location(host: "idp.invalid", port: port, target: "/doc", authority: "idp.invalid:\(port)", isSecure: true)
  }

  private func origin(_ names: [String], _ protocols: [ApplicationProtocol]) throws -> H2Backend {
    try H2Backend(
      test,
      tls: TLSServerContext(
        TLSServerSettings(
          certificates: [files.settings(authority.issue(names: names))], applicationProtocols: protocols)))
  }

  // MARK: https: a tunnel

  @Test(arguments: [false, true])
  func aTunnel(_ splits: Bool) throws {
    let origin = try origin(["idp.invalid"], [.http2])
    let proxy = try TunnelProxy(test, splits: splits)
    let response = try get(secure(origin.port), through: proxy.port).get()
    #expect(response.body == Array("hi".utf8))
    let host = "idp.invalid:\(origin.port)"
    #expect(
      proxy.requests == ["CONNECT \(host) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: portcullis\r\n\r\n"])
    #expect(origin.requests.map(\.path) == ["/doc"])
    #expect(origin.connections[0].transport.tls?.serverName == "idp.invalid")
  }

  /// The certificate is the origin's, not the proxy's.
  @Test func theOriginIsAuthenticated() throws {
    let origin = try origin(["IP:127.0.0.1", "proxy.invalid"], [.http2])
    let proxy = try TunnelProxy(test)
    let words = self.words(try get(secure(origin.port), through: proxy.port))
    #expect(words?.hasPrefix("through the proxy 127.0.0.1:\(proxy.port): upstream_tls_failed: tls_wrong_host") == true)
    #expect(origin.requests.isEmpty)
  }

  private static let tooLong = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 10_000)

  @Test(arguments: [
    ("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden", "upstream_proxy_refused: 403 Forbidden"),
    (
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
      "upstream_proxy_refused: 407 Proxy Authentication Required; the gateway sends no credentials, the proxy must "
        + "admit it by its address"
    ),
    ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "upstream_proxy_refused: 502 Bad Gateway"),
    ("HTTP/1.1 503 Sorry\r\n\r\n", "upstream_proxy_refused: 503 Service Unavailable"),
    ("nonsense\r\n\r\n", "upstream_proxy_malformed: bad_status_line"),
    ("\u{15}\u{3}\u{3}", "upstream_proxy_malformed: bad_start_line"),
    (tooLong, "upstream_proxy_malformed: head_too_large"),
    // Behind the head the origin speaks.
    ("HTTP/1.1 200 OK\r\n\r\nnonsense", "upstream_tls_failed: tls_handshake_failed"),
  ])
  func noTunnel(_ answer: String, _ expected: String) throws {
    let proxy = try ScriptedServer(test, answering: answer)
    let words = try #require(self.words(get(secure(443), through: proxy.port)))
    #expect(words.hasPrefix("through the proxy 127.0.0.1:\(proxy.port): \(expected)"), "\(words)")
    // The client says nothing to a proxy but the request for a tunnel.
    #expect(answer.contains(" 200 ") || proxy.connections[0].text.hasSuffix("\r\n\r\n"))
    try test.run(until: { proxy.connections[0].ended != nil })
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\n"])
  func theProxyCloses(_ answer: String) throws {
    let proxy = try ScriptedServer(test) { peer, _ in
      peer.send(answer)
      peer.transport.closeWhenFlushed()
    }
    #expect(words(try get(secure(443), through: proxy.port))?.contains("upstream_closed_early") == true)
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n"])
  func theProxyIsSilent(_ answer: String) throws {
    let proxy = try ScriptedServer(test, answering: answer)
    #expect(words(try get(secure(443), through: proxy.port, timeout: 50)) == "no complete answer in time")
  }

  // MARK: http: absolute form

  private let clear = Fetch.Location(host: "idp.invalid", port: 80, target: "/doc?x=1", authority: "idp.invalid")

  @Test func absoluteForm() throws {
    let proxy = try ScriptedServer(test)
    proxy.onRequest = { peer, head in
      let isFirst = head.contains("/doc")
      peer.send("HTTP/1.1 \(isFirst ? 302 : 200) X\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n")
    }
    let response = try get(clear, through: proxy.port).get()
    #expect(response.location.url == "http://idp.invalid/new")
    let rest = " HTTP/1.1\r\nHost: idp.invalid\r\nAccept: application/json\r\nUser-Agent: portcullis\r\n\r\n"
    #expect(proxy.connections.map(\.text) == ["GET http://idp.invalid/doc?x=1\(rest)GET http://idp.invalid/new\(rest)"])
  }

  /// Which of the two has failed cannot be told, but for one status.
  @Test func refusals() throws {
    let refusing = try ScriptedServer(test, answering: "HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n")
    #expect(words(try get(clear, through: refusing.port))?.contains(": upstream_proxy_refused: 407 ") == true)
    let failing = try ScriptedServer(test, answering: "HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n")
    #expect(try get(clear, through: failing.port).get().status == 502)
  }

  @Test func nobodyListens() throws {
    let proxy = try ScriptedServer(test)
    let port = proxy.port
    proxy.stop()
    try test.run(for: 1)
    let words = try #require(self.words(get(clear, through: port)))
    #expect(words.hasPrefix("through the proxy 127.0.0.1:\(port): upstream_connect_failed: "))
  }
}
