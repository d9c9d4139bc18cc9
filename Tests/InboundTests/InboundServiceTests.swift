import Bytes
import Glibc
import HTTP
import JSON
import Net
import Pipeline
import Telemetry
import Testing

@testable import Inbound

/// What all connections share: who may come in, the log, recycled exchanges, and the orderly end.
struct InboundServiceTests {
  // MARK: Connections

  @Test func acceptsNoMoreThanItHasRoomFor() throws {
    let gateway = try TestGateway { $0.maxConnections = 2 }
    gateway.on("/a", answer: "x")
    let clients = try (0..<5).map { _ in try gateway.client(.get("/a")) }
    func answered() -> [Int] { clients.indices.filter { clients[$0].text == .ok("x") } }
    // The kernel queues the others; they come in, in their order, as room becomes free.
    for leaving in 0..<3 {
      try gateway.run(until: { answered().count >= leaving + 2 })
      gateway.settle()
      #expect(answered() == Array(0..<leaving + 2))
      clients[leaving].close()
    }
    try gateway.run(until: { answered().count == 5 })
  }

  @Test func listensOnSeveralAddresses() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    var template = [CChar]("/tmp/portcullis-XXXXXX".utf8CString)
    let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { rmdir(directory) }
    let second = try gateway.service.listen(.ip("127.0.0.1", port: 0), backlog: 8).address
    let third = try gateway.service.listen(.unix(path: "\(directory)/socket"), backlog: 8).address
    let addresses = [gateway.address, second, third]
    #expect(gateway.address != second)
    for address in addresses {
      let client = try gateway.connect(to: address)
      client.send(.get("/a"))
      try gateway.expect(.ok("x"), at: client)
    }
    #expect(gateway.log.map { $0["listener"]?.stringValue } == addresses.map(\.description))
    #expect(gateway.log.map { $0["client"]?.stringValue } == ["127.0.0.1", "127.0.0.1", "unix"])
    gateway.service.drain(timeout: 0) {}
  }

  /// The gauge stood at 0 for ever: nobody counted.
  @Test func openConnectionsAreCounted() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    func open() -> String? {
      let page = ByteBuffer()
      gateway.service.metrics.render(to: page)
      return page.view.text.split(separator: "\n")
        .first { $0.hasPrefix("portcullis_connections_open{listener=\"clear\"}") }
        .flatMap { $0.split(separator: " ").last }.map(String.init)
    }
    #expect(open() == "0")
    let clients = try (0..<3).map { _ in try gateway.client(.get("/a")) }
    for client in clients { try gateway.expect(.ok("x"), at: client) }
    #expect(open() == "3")
    clients[1].close()
    try gateway.run(until: { open() == "2" })
    gateway.service.drain(timeout: 0) {}
    try gateway.run(until: { open() == "0" })
  }

  @Test func anAddressThatIsTaken() throws {
    let gateway = try TestGateway()
    #expect(throws: NetFailure.addressInUse) { try gateway.service.listen(gateway.address, backlog: 8) }
  }

  /// Requests that come after a change of the routes see the new ones, on old connections too.
  @Test func theRouterCanBeReplaced() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "old")
    let client = try gateway.client(.get("/a"))
    try gateway.expect(.ok("old"), at: client)
    gateway.service.router = Router([])
    client.send(.get("/a", "Connection: close\r\n"))
    try gateway.runUntilEnd(of: client)
    #expect(gateway.access == ["GET /a 200", "GET /a 404 not_found"])
  }

  // MARK: Exchanges

  private final class OpenGate: Gate {
    let label: StaticString = "gate"
    func admit(_ exchange: Exchange) -> GateVerdict { .admit(.anonymous(.asConfigured())) }
  }

  private final class Refusal: AdmittedStage {
    let label: StaticString = "refusal"
    func handle(_ exchange: Exchange, _ admission: Admission) -> Verdict {
      exchange.record.detail = "of the first"
      exchange.record.auth = .refused
      exchange.record.bytesIn = 7
      exchange.allowedOrigin = [1]
      return .reject(.overloaded("upstream_queue_full"))
    }
  }

  /// The object that served one request serves the next one, and brings nothing along.
  @Test func aRecycledExchangeIsAsNew() throws {
    let gateway = try TestGateway()
    gateway.serve("/first", RequestPath([], gate: OpenGate(), admitted: [Refusal()]))
    var seen: [String] = []
    gateway.on("/second") { exchange in
      seen.append("\(ObjectIdentifier(exchange))")
      #expect(exchange.admission == nil)
      #expect(exchange.allowedOrigin == nil)
      #expect(exchange.record.reason == nil)
      #expect(exchange.record.detail == nil)
      #expect(exchange.record.auth == .none)
      #expect(exchange.record.status == 0)
      #expect(exchange.record.bytesIn == 0)
      #expect(exchange.record.forwardedAt == 0)
      #expect(exchange.bodyLength == .none)
      #expect(!exchange.hasResponded)
      #expect(!exchange.closesConnection)
      #expect(exchange.request.query == nil)
      #expect(exchange.request.fields.first(.cookie) == nil)
      return .respond(.text("x"))
    }
    let head = "POST /first?secret HTTP/1.1\r\nHost: h\r\nCookie: secret\r\nContent-Length: 1\r\n\r\nx"
    let client = try gateway.client(.get("/second") + head + .get("/second"))
    let other = try gateway.client(.get("/second"))
    try gateway.expect(.ok("x"), at: other)
    try gateway.run(until: { seen.count == 3 && client.text.hasSuffix(.ok("x")) })
    #expect(Set(seen).count == 1)
    let lines = gateway.log.filter { $0["path"]?.stringValue == "/second" }
    #expect(lines.allSatisfy { $0["reason"] == nil && $0["detail"] == nil && $0["auth"]?.stringValue == "none" })
  }

  // MARK: The log

  @Test func theLineOfARequest() throws {
    let gateway = try TestGateway()
    gateway.on("/a") { exchange in
      let body = BodyRecorder()
      exchange.deliverBody(to: body)?.resume()
      body.onFinish = { exchange.send(.text(body.text)) }
      return .taken
    }
    let client = try gateway.client(
      .post("/a?code=secret", "Content-Length: 5\r\nAuthorization: Bearer secret\r\n", "hello"))
    try gateway.expect(.ok("hello"), at: client)
    let line = try #require(gateway.log.first?.objectValue)
    #expect(line["event"]?.stringValue == "request")
    #expect(line["listener"]?.stringValue == gateway.address.description)
    #expect(line["client"]?.stringValue == "127.0.0.1")
    #expect(line["route"]?.stringValue == "route /a")
    #expect(line["method"]?.stringValue == "POST")
    #expect(line["path"]?.stringValue == "/a")
    #expect(line["status"]?.integerValue == 200)
    #expect(line["bytes_in"]?.integerValue == 5)
    #expect(line["bytes_out"]?.integerValue == 5)
    #expect(line["auth"]?.stringValue == "none")
    #expect(line["request_id"]?.stringValue?.utf8.count == 20)
    #expect(["reason", "detail", "upstream_ms", "subject", "client_id"].allSatisfy { line[$0] == nil })
    #expect(line.members.allSatisfy { $0.value.stringValue?.contains("secret") != true })
  }

  @Test func noLinesWhenTheyAreOff() throws {
    let gateway = try TestGateway(logsRequests: false)
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/a") + "nonsense\r\n\r\n")
    try gateway.runUntilEnd(of: client)
    #expect(gateway.log.isEmpty)
  }

  // MARK: Draining

  @Test func nothingIsOpen() throws {
    let gateway = try TestGateway()
    var done = 0
    #expect(!gateway.service.isDraining)
    gateway.service.drain(timeout: 60_000) { done += 1 }
    #expect(done == 1)
    #expect(gateway.service.isDraining)
    gateway.service.drain(timeout: 0) { done += 1 }
    gateway.settle()
    #expect(done == 1)
    #expect(throws: TestClient.ConnectFailed.self) { try gateway.connect() }
  }

  @Test func connectionsAtRestCloseAtOnce() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let used = try gateway.client(.get("/a"))
    let fresh = try gateway.connect()
    try gateway.expect(.ok("x"), at: used)
    var done = 0
    gateway.service.drain(timeout: 60_000) { done += 1 }
    try gateway.run(until: { used.end == .closed && fresh.end == .closed && done == 1 })
    #expect(used.text == .ok("x"))
  }

  @Test func aRunningExchangeFinishes() throws {
    let gateway = try TestGateway()
    var exchange: Exchange?
    gateway.on("/a") {
      exchange = $0
      return .taken
    }
    let client = try gateway.client(.get("/a") + .get("/a"))
    try gateway.run(until: { exchange != nil })
    var done = 0
    gateway.service.drain(timeout: 60_000) { done += 1 }
    gateway.settle()
    #expect(done == 0)
    #expect(client.end == nil)
    exchange?.send(.text("x"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .okAndClose("x"))
    #expect(done == 0)
    client.close()
    try gateway.run(until: { done == 1 })
    #expect(gateway.access == ["GET /a 200"])
  }

  /// Its head has promised a connection that stays; it closes all the same, and the next request is not begun.
  @Test func aRunningResponseFinishes() throws {
    let gateway = try TestGateway()
    var sink: (any BodySink)?
    gateway.on("/a") {
      sink = $0.begin(ResponseHead(200), .known(4), from: nil)
      return .taken
    }
    let client = try gateway.client(.get("/a") + .get("/a"))
    try gateway.run(until: { sink != nil })
    gateway.service.drain(timeout: 60_000) {}
    sink?.write("body")
    sink?.finish(nil)
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .ok("body"))
    #expect(gateway.access == ["GET /a 200"])
  }

  @Test func aRequestThatHasBegunToArriveIsServed() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client("GET /a HTTP/1.1\r\n")
    gateway.settle()
    var done = 0
    gateway.service.drain(timeout: 60_000) { done += 1 }
    gateway.settle()
    client.send("Host: h\r\n\r\n")
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .okAndClose("x"))
    client.close()
    try gateway.run(until: { done == 1 })
  }

  @Test func whatDoesNotFinishIsCut() throws {
    let gateway = try TestGateway()
    let work = Work()
    gateway.on("/stream") {
      $0.undertake(work)
      $0.begin(ResponseHead(200), .unknown, from: nil)?.write("part")
      return .taken
    }
    var isParked = false
    gateway.on("/parked") {
      $0.undertake(work)
      isParked = true
      return .taken
    }
    let streaming = try gateway.client(.get("/stream"))
    let parked = try gateway.client(.get("/parked"))
    let inside = try gateway.client("GET /str")
    try gateway.run(until: { isParked && streaming.text.hasSuffix("part\r\n") })
    gateway.settle()
    var done = 0
    gateway.service.drain(timeout: 30) { done += 1 }
    try gateway.run(until: { done == 1 })
    for client in [streaming, parked, inside] { try gateway.runUntilEnd(of: client) }
    #expect(!streaming.text.contains("\r\n0\r\n\r\n"))
    #expect(parked.received.isEmpty)
    #expect(work.cancelled == [.shutdown, .shutdown])
    #expect(gateway.access.sorted() == ["GET /parked 0 shutdown", "GET /stream 200 shutdown"])
    #expect(done == 1)
  }
}
