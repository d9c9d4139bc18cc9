import Bytes
import HTTP
import Net
import Testing
import Wire

@testable import Outbound

/// Requests that share a connection to a backend.
struct H2ClientConnectionTests {
  private let test: TestLoop
  private static let hi = ["responded 200 unknown", "finished"]

  init() throws { test = try TestLoop() }

  private func run(_ pool: UpstreamPool, _ client: TestClient = TestClient()) throws -> TestClient {
    pool.acquire(for: client)
    try test.run(until: { client.isOver })
    return client
  }

  // MARK: Sharing

  @Test func oneConnectionForMany() throws {
    let backend = try H2Backend(test)
    let pool = backend.pool()
    var opened: [String] = []
    pool.onDial = { opened.append("\($0)") }
    let clients = (0..<50).map { TestClient("GET", "/\($0)") }
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients.allSatisfy { $0.events == Self.hi && $0.text == "hi" })
    #expect(backend.requests.map(\.path) == (0..<50).map { "/\($0)" })
    #expect(try run(pool).text == "hi")
    #expect(backend.connections.count == 1)
    #expect(opened == ["opened(speaksHTTP2: true)"])
  }

  /// The backend's limit is honoured, also on the first connection, which began before it was known: what is refused
  /// there goes out again, and later connections know.
  @Test func theLimitOfTheBackendIsHonoured() throws {
    let backend = try H2Backend(test, streams: 3)
    var running = 0
    var most = 0
    backend.onRequest = { _ in
      running += 1
      most = max(most, running)
    }
    let pool = backend.pool { $0.maxConnections = 2 }
    let clients = (0..<40).map { TestClient("POST", "/\($0)", length: .known(4), body: "body") }
    for client in clients { pool.acquire(for: client) }
    var answered = 0
    try test.run(until: {
      while answered < backend.requests.count, backend.requests[answered].hasEnded {
        backend.requests[answered].answer("hi")
        answered += 1
        running -= 1
      }
      return clients.allSatisfy(\.isOver)
    })
    #expect(clients.map(\.text) == Array(repeating: "hi", count: 40))
    #expect(most <= 6)
    #expect(backend.connections.count <= 2)
    #expect(backend.requests.allSatisfy { $0.text == "body" })
  }

  @Test func theQueueBehindAFullConnectionIsBounded() throws {
    let backend = try H2Backend(test, streams: 1) { _ in }
    let pool = backend.pool {
      $0.maxConnections = 1
      $0.maxWaiting = 2
    }
    let first = TestClient()
    pool.acquire(for: first)
    try test.run(until: { backend.requests.count == 1 && pool.streamLimit == 1 })
    let more = (0..<3).map { _ in TestClient() }
    for client in more { pool.acquire(for: client) }
    #expect(more.map(\.events) == [[], [], ["failed upstream_queue_full"]])
    pool.cancel(more[0])
    backend.onRequest = { $0.answer("next") }
    backend.requests[0].answer("first")
    try test.run(until: { more[1].isOver })
    #expect(first.text == "first")
    #expect(more[1].text == "next")
    #expect(backend.requests.count == 2)
  }

  /// While the first connection is being made: one dial for all, and no more of them wait than it could carry and the
  /// queue may hold.
  @Test func theQueueBehindADialIsBounded() throws {
    let backend = try H2Backend(test)
    let pool = backend.pool { $0.maxWaiting = 5 }
    let clients = (0..<120).map { _ in TestClient() }
    for client in clients { pool.acquire(for: client) }
    #expect(clients.filter(\.isOver).count == 15)
    #expect(clients.suffix(15).allSatisfy { $0.events == ["failed upstream_queue_full"] })
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(backend.connections.count <= 2)
  }

  @Test func aDialThatFailsFailsAllWhoWaitForIt() throws {
    let backend = try H2Backend(test)
    let pool = backend.pool()
    backend.stop()
    try test.run(for: 1)
    var dials = 0
    pool.onDial = { _ in dials += 1 }
    let clients = (0..<5).map { _ in TestClient() }
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients.allSatisfy { $0.events == ["failed upstream_connect_failed"] })
    #expect(dials == 1)
  }

  // MARK: Retiring

  /// GOAWAY: what the backend has not taken up goes out again, once and whole; what it has taken up goes on.
  @Test func goAwayMovesWhatWasNotProcessed() throws {
    let backend = try H2Backend(test) { _ in }
    let pool = backend.pool()
    let first = TestClient("GET", "/first")
    pool.acquire(for: first)
    try test.run(until: { backend.requests.count == 1 })
    // The backend reads no further for now.
    let old = backend.connections[0]
    old.transport.pauseReading()
    backend.onRequest = { _ in }
    let moved = (0..<3).map { TestClient("POST", "/\($0)", length: .unknown, body: "payload \($0)") }
    for client in moved { pool.acquire(for: client) }
    try test.run(for: 2)
    old.session.refuseNewStreams()
    try test.run(until: { backend.connections.count == 2 && backend.requests.count == 4 })
    old.transport.resumeReading()
    try test.run(until: { backend.requests.dropFirst().allSatisfy(\.hasEnded) })
    for request in backend.requests { request.answer("hi") }
    try test.run(until: { (moved + [first]).allSatisfy(\.isOver) })
    #expect((moved + [first]).allSatisfy { $0.text == "hi" })
    #expect(backend.requests.dropFirst().allSatisfy { $0.text == "payload \($0.path.dropFirst())" })
    try test.run(until: { old.ended != nil })
    #expect(try runNext(backend, pool) == 2)
  }

  private func runNext(_ backend: H2Backend, _ pool: UpstreamPool) throws -> Int {
    backend.onRequest = { $0.answer("hi") }
    #expect(try run(pool).text == "hi")
    return backend.connections.count
  }

  @Test func anIdleConnectionIsClosedAfterItsTime() throws {
    let backend = try H2Backend(test)
    let pool = backend.pool { $0.idleTimeout = 50 }
    _ = try run(pool)
    #expect(backend.connections[0].ended == nil)
    try test.run(until: { backend.connections[0].ended != nil })
    #expect(try run(pool).text == "hi")
    #expect(backend.connections.count == 2)
  }

  /// A client that had gone when its connection was ready leaves it to rest, not for ever.
  @Test func aRequestThatNeverBeganLeavesTheConnectionIdle() throws {
    final class Leaver: UpstreamClient {
      func upstreamReady(_ stream: any UpstreamStream) { stream.abort() }
      func upstreamInformed(_ head: ResponseHead) {}
      func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? { nil }
      func upstreamFailed(_ failure: UpstreamFailure) {}
    }
    let backend = try H2Backend(test)
    let pool = backend.pool { $0.idleTimeout = 50 }
    pool.acquire(for: Leaver())
    try test.run(until: { backend.connections.first?.ended != nil })
  }

  @Test func drainingEndsConnectionsBehindTheirRequests() throws {
    let backend = try H2Backend(test) { _ in }
    let pool = backend.pool()
    let client = TestClient()
    pool.acquire(for: client)
    try test.run(until: { backend.requests.count == 1 })
    pool.drain()
    try test.run(for: 5)
    #expect(backend.connections[0].ended == nil)
    backend.requests[0].answer("last")
    try test.run(until: { backend.connections[0].ended != nil })
    #expect(client.text == "last")
    #expect(backend.connections[0].farewells == ["NO_ERROR"])
  }

  // MARK: Losing it

  @Test func allRequestsFailOnceWithTheConnection() throws {
    let backend = try H2Backend(test)
    backend.onRequest = { if $0.path == "/body" { $0.respond(200, body: true) } }
    let pool = backend.pool()
    let clients = ["/a", "/b", "/body"].map { TestClient("GET", $0) }
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { backend.requests.count == 3 && !clients[2].events.isEmpty })
    backend.connections[0].transport.reset()
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients[0].events == ["failed upstream_closed_early"])
    #expect(clients[1].events == ["failed upstream_closed_early"])
    #expect(clients[2].events == ["responded 200 unknown", "fail aborted"])
    backend.onRequest = { $0.answer("hi") }
    #expect(try run(pool).text == "hi")
  }

  /// The backend closes an idle connection in the very moment a request is given to it: nothing has been sent, so the
  /// request goes out on a new connection (GW-89).
  @Test func aRequestThatNeverLeftIsSentAgain() throws {
    let backend = try H2Backend(test)
    let pool = backend.pool()
    _ = try run(pool)
    let (trigger, receiver) = try test.connectedPair()
    try test.run(for: 5)
    let client = TestClient("POST", "/again", length: .known(7), body: "payload")
    receiver.onRead = { _, _ in
      guard client.stream == nil else { return }
      pool.acquire(for: client)
      #expect(client.stream != nil, "the request got the connection that is closing")
    }
    trigger.send([UInt8](repeating: 0x78, count: 8_192))
    backend.connections[0].close()
    try test.run(until: { client.isOver })
    #expect(client.text == "hi")
    #expect(backend.connections.count == 2)
    #expect(backend.requests.map(\.path) == ["/", "/again"])
    try test.run(until: { backend.requests[1].hasEnded })
    #expect(backend.requests[1].text == "payload")
    trigger.transport.close()
    receiver.transport.close()
  }

  @Test func whatIsNotHTTP2() throws {
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop) { $0.http2 = .always }
    let client = TestClient()
    pool.acquire(for: client)
    try test.run(until: { !server.connections.isEmpty })
    server.connections[0].send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    try test.run(until: { client.isOver })
    #expect(client.events == ["failed upstream_malformed"])
    #expect(client.failure?.detail == "broken_http2")
    try test.run(until: { server.connections[0].ended != nil })
  }

  /// A backend that has vanished: the first request that gets no answer has the connection probed, and the next ones
  /// do not put the end off.
  @Test func aDeadConnectionIsFoundOut() throws {
    let backend = try H2Backend(test) { _ in }
    let pool = backend.pool {
      $0.responseTimeout = 100
      $0.connectTimeout = 100
      $0.maxConnections = 1
    }
    let first = TestClient()
    pool.acquire(for: first)
    try test.run(until: { backend.requests.count == 1 })
    backend.connections[0].transport.pauseReading()
    var clients = [first]
    try test.run(until: {
      // Somebody comes all the time.
      if clients.filter({ !$0.isOver }).count < 5, clients.count < 400 {
        clients.append(TestClient())
        pool.acquire(for: clients[clients.count - 1])
      }
      return backend.connections.count == 2
    })
    #expect(first.events == ["failed upstream_response_timeout"])
    #expect(backend.connections.count == 2)
    for client in clients { client.stream?.abort() }
  }

  /// The same backend, only slow: it answers the ping, and the connection stays.
  @Test func aSlowBackendKeepsItsConnection() throws {
    let backend = try H2Backend(test) { _ in }
    let pool = backend.pool {
      $0.responseTimeout = 50
      $0.connectTimeout = 50
    }
    #expect(try run(pool).events == ["failed upstream_response_timeout"])
    try test.run(until: { backend.requests[0].events.last == "closed CANCEL" })
    try test.run(for: 80)
    backend.onRequest = { $0.answer("hi") }
    #expect(try run(pool).text == "hi")
    #expect(backend.connections.count == 1)
  }
}
