import Bytes
import HTTP
import Net
import Outbound
import Pipeline
import Stages
import Telemetry
import Testing

/// A request through the proxy stage to a real backend, with a client that is not one.
struct ProxyTests {
  private let test: TestLoop
  private let server: ScriptedServer
  private let exchange = Exchange()
  private let responder = FakeResponder()

  init() throws {
    test = try TestLoop()
    server = try ScriptedServer(test)
  }

  private var recorded: [String] { responder.sink.events }

  private func send(
    _ method: String = "POST", length: BodyLength = .none, bodyLimit: Int = 0, _ fields: [(String, String)] = [],
    endpoint change: (inout UpstreamEndpoint) -> Void = { _ in }, to pool: UpstreamPool? = nil
  ) {
    var endpoint = UpstreamEndpoint(.host("127.0.0.1", port: server.port))
    change(&endpoint)
    let settings = Proxy.Settings(
      routePath: "/mcp", upstreamPath: "/backend", upstreamAuthority: "backend:1", publicAuthority: "gw.example",
      publicScheme: "https",
      identityHeaders: IdentityHeaders(subject: "X-Sub", client: nil, scopes: nil, issuer: nil), bodyLimit: bodyLimit)
    let proxy = Proxy(pool ?? UpstreamPool(test.loop, endpoint), settings)
    exchange.request.set(method, "/mcp/x", query: "q=1", authority: "gw.example", [("Host", "gw.example")] + fields)
    exchange.begin(responder, bodyLength: length, clientAddress: Array("10.0.0.1".utf8), startedAt: 0)
    let path = RequestPath([], gate: FakeGate(), admitted: [proxy])
    exchange.run(Route(name: "r", authority: nil, path: "/mcp", isPrefix: true, path))
  }

  /// Runs until the response has come to its end.
  private func finish() throws {
    try test.run(until: { recorded.last.map { $0.hasPrefix("fin") || $0.hasPrefix("fail") } ?? false })
  }

  @Test func aRequestAndItsResponse() throws {
    var head = ""
    server.onRequest = { peer, text in
      head = text
      peer.send(
        "HTTP/1.1 202 Accepted\r\nMcp-Session-Id: s\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\nset-cookie: c=d\r\n\r\nok"
      )
    }
    send("DELETE", [("Authorization", "Bearer secret"), ("Accept", "a"), ("X_Sub", "admin")])
    try finish()
    #expect(
      head.hasPrefix("DELETE /backend/x?q=1 HTTP/1.1\r\nAccept: a\r\nHost: backend:1\r\nX-Forwarded-Proto: https\r\n"))
    #expect(!head.contains("secret"))
    #expect(!head.contains("admin"))
    // Statuses and bodies of the backend are untouched; cookies are not for the client.
    #expect(responder.events == ["begin 202 [Mcp-Session-Id=s|Content-Length=2|Amended=gate] known(2)"])
    #expect(recorded == ["write ok", "finish"])
    #expect(exchange.record.status == 202)
    #expect(exchange.record.forwardedAt > 0)
    #expect(exchange.record.answeredAt >= exchange.record.forwardedAt)
  }

  @Test func bodiesFlowBothWays() throws {
    send(length: .unknown)
    try test.run(until: { responder.bodySink != nil })
    #expect(responder.source.events == ["resume"])
    let sink = try #require(responder.bodySink)
    #expect("hello".lend { sink.write($0) } == .more)
    let trailers = Fields()
    trailers.append("X-Sub", "admin")
    trailers.append("Digest", "d")
    sink.finish(trailers)
    try test.run(until: { server.connections[0].text.hasSuffix("\r\n\r\n5\r\nhello\r\n0\r\nDigest: d\r\n\r\n") })
    server.connections[0].send(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\nT: 1\r\n\r\n")
    try finish()
    #expect(recorded == ["write a", "write b", "finish T=1"])
  }

  @Test func eventsAreForwardedAsTheyArrive() throws {
    send("GET")
    try test.run(until: { server.requests == 1 })
    let backend = server.connections[0]
    backend.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    try test.run(until: { responder.events.count == 1 })
    for number in 1...3 {
      backend.send("9\r\ndata: \(number)\n\n\r\n")
      try test.run(until: { recorded.count == number })
      #expect(recorded.last == "write data: \(number)\n\n")
    }
  }

  @Test func aSlowClientStopsTheBackend() throws {
    responder.sink.flow = .wait
    let piece = String(repeating: "x", count: 100_000)
    server.onRequest = { peer, _ in
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n")
      for _ in 0..<300 { peer.send(piece) }
    }
    send()
    try test.run(until: { recorded.count == 1 })
    try test.run(for: 10)
    #expect(recorded.count == 1)
    #expect(server.connections[0].transport.pendingOutput > 0)
    responder.responseSource?.resume()
    try test.run(until: { recorded.count == 2 })
  }

  @Test func informationalResponses() throws {
    server.onRequest = { peer, _ in
      peer.send(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    }
    send()
    try finish()
    #expect(responder.events == ["inform 103 [Link=</a>]", "begin 204 [Amended=gate] none"])
  }

  // MARK: Refusals

  @Test func traceIsNotServed() {
    send("TRACE")
    #expect(exchange.record.status == 405)
    #expect(server.connections.isEmpty)
  }

  @Test func anAnnouncedBodyThatIsTooLarge() {
    send(length: .known(11), bodyLimit: 10)
    #expect(exchange.record.status == 413)
    #expect(exchange.closesConnection)
  }

  @Test func aBodyThatTurnsOutTooLarge() throws {
    send(length: .unknown, bodyLimit: 10)
    try test.run(until: { responder.bodySink != nil })
    let sink = try #require(responder.bodySink)
    #expect("0123456789".lend { sink.write($0) } == .more)
    #expect("x".lend { sink.write($0) } == .wait)
    #expect(exchange.record.status == 413)
    #expect(responder.source.events == ["resume", "cancel tooLarge"])
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended?.name == "ECONNRESET")
  }

  /// The response is under way already: its client must see that it is not complete.
  @Test func aBodyThatTurnsOutTooLargeBehindTheResponsesHead() throws {
    server.onRequest = { peer, _ in peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun") }
    send(length: .unknown, bodyLimit: 3)
    try test.run(until: { recorded == ["write begun"] })
    let sink = try #require(responder.bodySink)
    "0123".lend { _ = sink.write($0) }
    #expect(recorded == ["write begun", "fail tooLarge"])
  }

  @Test func aBackendThatIsNotThere() throws {
    let port = server.port
    server.stop()
    try test.run(for: 1)
    send(endpoint: { $0.address = .host("127.0.0.1", port: port) })
    try finish()
    #expect(exchange.record.status == 502)
    #expect(exchange.record.reason?.description == "upstream_connect_failed")
    #expect(exchange.record.detail?.contains("ECONNREFUSED") == true)
    #expect(exchange.record.answeredAt == 0)
  }

  @Test(arguments: [("garbage\r\n\r\n", "upstream_malformed"), ("HTTP/1.1 200 O", "upstream_closed_early")])
  func aBackendThatIsBroken(_ answer: String, _ reason: String) throws {
    server.onRequest = { peer, _ in
      peer.send(answer)
      peer.transport.closeWhenFlushed()
    }
    send()
    try finish()
    #expect(exchange.record.status == 502)
    #expect(exchange.record.reason?.description == reason)
  }

  @Test func aBackendThatIsSilent() throws {
    send(endpoint: { $0.responseTimeout = 20 })
    try finish()
    #expect(exchange.record.status == 504)
    #expect(exchange.record.reason?.description == "upstream_response_timeout")
  }

  @Test func aBackendWithoutRoom() throws {
    var endpoint = UpstreamEndpoint(.host("127.0.0.1", port: server.port))
    endpoint.maxConnections = 0
    endpoint.maxWaiting = 0
    send(to: UpstreamPool(test.loop, endpoint))
    #expect(exchange.record.status == 503)
    #expect(exchange.record.reason?.description == "upstream_queue_full")
    #expect(responder.events.first?.contains("Retry-After=1") == true)
  }

  /// GW-88.
  @Test func aBackendThatDiesInMidBody() throws {
    server.onRequest = { peer, _ in
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
      peer.transport.closeWhenFlushed()
    }
    send()
    try finish()
    #expect(recorded == ["write ab", "fail aborted"])
  }

  // MARK: A client that goes away (GW-87)

  @Test func theBackendIsResetAtOnce() throws {
    server.onRequest = { peer, _ in peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n") }
    send()
    try test.run(until: { recorded == ["write ab"] })
    exchange.cancel(.clientGone)
    exchange.end()
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended?.name == "ECONNRESET")
    #expect(recorded == ["write ab"])
  }

  @Test func beforeTheResponse() throws {
    send(length: .known(10))
    try test.run(until: { server.requests == 1 })
    exchange.cancel(.clientGone)
    exchange.end()
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(responder.events.isEmpty)
  }

  @Test func beforeTheConnection() throws {
    send()
    exchange.cancel(.clientGone)
    exchange.end()
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.requests == 0)
    #expect(responder.events.isEmpty)
  }

  /// The client's own side says that the body will not come to its end.
  @Test func aRequestBodyThatBreaksOff() throws {
    send(length: .known(10))
    try test.run(until: { server.requests == 1 && responder.bodySink != nil })
    responder.bodySink?.fail(.aborted)
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended?.name == "ECONNRESET")
  }
}
