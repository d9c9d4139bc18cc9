import Bytes
import Glibc
import HTTP
import Net
import Testing

@testable import Outbound

struct UpstreamPoolTests {
  private let test: TestLoop
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

  init() throws { test = try TestLoop() }

  /// Makes one request and waits for its end.
  private func complete(_ pool: UpstreamPool, _ client: TestClient = TestClient()) throws -> TestClient {
    pool.acquire(for: client)
    try test.run(until: { client.isOver })
    return client
  }

  @Test func aConnectionIsUsedAgain() throws {
    let server = try ScriptedServer(test, answering: Self.ok)
    let pool = server.pool(test.loop)
    for _ in 0..<5 {
      let client = try complete(pool)
      #expect(client.events == ["responded 200 known(2)", "finished"])
      #expect(client.text == "hi")
    }
    #expect(server.connections.count == 1)
    #expect(server.requests == 5)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.1 200 OK\r\nConnection: X, Close\r\nContent-Length: 0\r\n\r\n",
  ])
  func aConnectionThatEndsIsNotUsedAgain(_ answer: String) throws {
    let server = try ScriptedServer(test, answering: answer)
    let pool = server.pool(test.loop)
    for _ in 0..<2 { #expect(try complete(pool).events.last == "finished") }
    #expect(server.connections.count == 2)
    try test.run(until: { server.connections.first?.ended != nil })
  }

  @Test func theLastOneUsedIsUsedFirst() throws {
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop)
    let clients = [TestClient(), TestClient()]
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { server.requests == 2 })
    for connection in server.connections {
      connection.send(Self.ok)
      let before = clients.filter(\.isOver).count
      try test.run(until: { clients.filter(\.isOver).count == before + 1 })
    }
    server.onRequest = { peer, _ in
      #expect(peer === server.connections[1])
      peer.send(Self.ok)
    }
    #expect(try complete(pool).text == "hi")
  }

  @Test func requestsBeyondTheLimitWaitTheirTurn() throws {
    var order: [String] = []
    let server = try ScriptedServer(test) { peer, head in
      order.append(String(head.prefix { $0 != "\r\n" }))
      peer.send(Self.ok)
    }
    let pool = server.pool(test.loop) { $0.maxConnections = 2 }
    let clients = (0..<8).map { TestClient("GET", "/\($0)") }
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients.allSatisfy { $0.text == "hi" })
    #expect(server.connections.count == 2)
    #expect(order.suffix(6) == (2..<8).map { "GET /\($0) HTTP/1.1" })
  }

  @Test func aFullQueueRefusesAtOnce() throws {
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop) {
      $0.maxConnections = 1
      $0.maxWaiting = 1
    }
    let clients = [TestClient(), TestClient(), TestClient()]
    for client in clients { pool.acquire(for: client) }
    #expect(clients[2].events == ["failed upstream_queue_full"])
    #expect(clients[1].events.isEmpty)
    try test.run(until: { server.requests == 1 })
    server.connections[0].send(Self.ok)
    try test.run(until: { server.requests == 2 })
  }

  @Test func whoWaitsTooLongIsToldSo() throws {
    let server = try ScriptedServer(test) { peer, _ in peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbusy") }
    let pool = server.pool(test.loop) {
      $0.maxConnections = 1
      $0.responseTimeout = 300
    }
    let first = TestClient()
    pool.acquire(for: first)
    try test.run(until: { first.text == "busy" })
    let waiting = [TestClient(), TestClient()]
    for client in waiting { pool.acquire(for: client) }
    try test.run(until: { waiting.allSatisfy(\.isOver) })
    for client in waiting { #expect(client.events == ["failed upstream_queue_timeout"]) }
    // Who has its response's head may take longer than that.
    #expect(first.events == ["responded 200 known(9)"])
  }

  @Test func aWaitingClientMayLeave() throws {
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop) { $0.maxConnections = 1 }
    let clients = [TestClient(), TestClient(), TestClient()]
    for client in clients { pool.acquire(for: client) }
    pool.cancel(clients[1])
    try test.run(until: { server.requests == 1 })
    server.onRequest = { peer, _ in peer.send(Self.ok) }
    server.connections[0].send(Self.ok)
    try test.run(until: { clients[2].isOver })
    #expect(clients[1].events.isEmpty)
    #expect(clients[1].stream == nil)
    #expect(server.requests == 2)
  }

  /// A connection that breaks makes room for whoever waits.
  @Test func aBrokenConnectionIsReplacedForTheNext() throws {
    let server = try ScriptedServer(test)
    server.onRequest = { peer, _ in
      if server.connections.count == 1 { peer.transport.reset() } else { peer.send(Self.ok) }
    }
    let pool = server.pool(test.loop) { $0.maxConnections = 1 }
    let clients = [TestClient(), TestClient()]
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients[0].events == ["failed upstream_closed_early"])
    #expect(clients[1].text == "hi")
  }

  @Test func anIdleConnectionIsClosedAfterItsTime() throws {
    let server = try ScriptedServer(test, answering: Self.ok)
    let pool = server.pool(test.loop) { $0.idleTimeout = 200 }
    _ = try complete(pool)
    #expect(server.connections[0].ended == nil)
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended == .endOfFile)
    #expect(try complete(pool).text == "hi")
    #expect(server.connections.count == 2)
  }

  @Test func aConnectionTheBackendClosesIsForgotten() throws {
    let server = try ScriptedServer(test, answering: Self.ok)
    let pool = server.pool(test.loop)
    _ = try complete(pool)
    server.connections[0].transport.close()
    try test.run(for: 10)
    #expect(try complete(pool).text == "hi")
    #expect(server.connections.count == 2)
  }

  /// What comes on an idle connection answers nothing of ours (a response that is split in two, for example).
  @Test func unexpectedBytesCloseAnIdleConnection() throws {
    let server = try ScriptedServer(test, answering: Self.ok)
    let pool = server.pool(test.loop)
    _ = try complete(pool)
    server.connections[0].send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(try complete(pool).text == "hi")
    #expect(server.connections.count == 2)
  }

  @Test func drainingClosesWhatIsIdleNowAndLater() throws {
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop)
    let clients = [TestClient(), TestClient()]
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { server.requests == 2 })
    server.connections[0].send(Self.ok)
    try test.run(until: { clients.contains(where: \.isOver) })
    pool.drain()
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[1].ended == nil)
    server.connections[1].send(Self.ok)
    try test.run(until: { clients.allSatisfy(\.isOver) && server.connections[1].ended != nil })
    #expect(clients.allSatisfy { $0.text == "hi" })
  }

  /// The queue's deadline outlives the queue; the pool need not.
  @Test func aPoolMayGoBeforeItsDeadlines() throws {
    weak var released: UpstreamPool?
    do {
      let server = try ScriptedServer(test, answering: Self.ok)
      let pool = server.pool(test.loop) {
        $0.maxConnections = 1
        $0.responseTimeout = 300
      }
      released = pool
      let clients = [TestClient(), TestClient()]
      for client in clients { pool.acquire(for: client) }
      try test.run(until: { clients.allSatisfy(\.isOver) })
      pool.drain()
      try test.run(until: { server.connections.first?.ended != nil })
    }
    try test.run(until: { released == nil })
    try test.run(for: 320)
  }

  // MARK: Connecting

  @Test func nobodyListens() throws {
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop)
    server.stop()
    try test.run(for: 1)
    let client = try complete(pool)
    #expect(client.events == ["failed upstream_connect_failed"])
    #expect(client.failure?.detail?.contains("ECONNREFUSED") == true)
  }

  /// What the system refuses at once, as it does without a route, is said at once: to all who wait, and only once.
  @Test(arguments: [UpstreamEndpoint.HTTP2Use.never, .always])
  func whatFailsAtOnce(_ use: UpstreamEndpoint.HTTP2Use) throws {
    var endpoint = UpstreamEndpoint(.host("255.255.255.255", port: 80))
    endpoint.http2 = use
    let pool = UpstreamPool(test.loop, endpoint)
    for _ in 0..<3 { #expect(try complete(pool).events == ["failed upstream_connect_failed"]) }
  }

  @Test func aNameThatIsNotKnown() throws {
    let pool = UpstreamPool(test.loop, UpstreamEndpoint(.host("no such host", port: 80)))
    #expect(try complete(pool).events == ["failed upstream_name_not_resolved"])
  }

  @Test func namesAreLookedUp() throws {
    let server = try ScriptedServer(test, answering: Self.ok)
    let pool = UpstreamPool(test.loop, UpstreamEndpoint(.host("localhost", port: server.port)))
    #expect(try complete(pool).text == "hi")
  }

  @Test func unixDomainSockets() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let server = try ScriptedServer(test, at: .unix(path: path)) { peer, _ in peer.send(Self.ok) }
    let pool = UpstreamPool(test.loop, UpstreamEndpoint(.socket(path)))
    #expect(try complete(pool).text == "hi")
    server.stop()
    let missing = UpstreamPool(test.loop, UpstreamEndpoint(.socket("\(directory.path)/other")))
    #expect(try complete(missing).events == ["failed upstream_connect_failed"])
  }

  /// A host that answers nothing at all, as behind a firewall: here a listener whose queue is full.
  @Test func connectingHasItsTime() throws {
    let full = try FullListener()
    var endpoint = UpstreamEndpoint(.host("127.0.0.1", port: full.port))
    endpoint.connectTimeout = 30
    #expect(try complete(UpstreamPool(test.loop, endpoint)).events == ["failed upstream_connect_timeout"])
  }

  /// A client that leaves while its connection is being made leaves no connection behind.
  @Test func aClientMayLeaveWhileItsConnectionIsMade() throws {
    final class Leaver: UpstreamClient {
      var events: [String] = []
      func upstreamReady(_ stream: any UpstreamStream) {
        events.append("ready")
        stream.abort()
      }
      func upstreamInformed(_ head: ResponseHead) {}
      func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? { nil }
      func upstreamFailed(_ failure: UpstreamFailure) { events.append("failed") }
    }
    let server = try ScriptedServer(test)
    let pool = server.pool(test.loop) { $0.maxConnections = 1 }
    let leaver = Leaver()
    pool.acquire(for: leaver)
    pool.cancel(leaver)
    try test.run(until: { !server.connections.isEmpty })
    server.onRequest = { peer, _ in peer.send(Self.ok) }
    #expect(try complete(pool).text == "hi")
    #expect(leaver.events.isEmpty)
    #expect(server.connections.count == 1, "the connection that was made for it serves the next one")
  }

  // MARK: Sending again (GW-89)

  /// The backend closes an idle connection in the very moment a request is given to it: nothing has been sent, so the
  /// request goes out on a new connection, body and all.
  @Test func aRequestThatNeverLeftIsSentAgain() throws {
    let server = try ScriptedServer(test) { peer, _ in peer.send(Self.ok) }
    let pool = server.pool(test.loop)
    _ = try complete(pool)
    let (trigger, receiver) = try test.connectedPair()
    let client = TestClient("POST", "/again", length: .unknown, body: "payload")
    receiver.onRead = { _, _ in
      if client.stream == nil { pool.acquire(for: client) }
    }
    // Both events wait for the same look at the kernel, and the request is made at the first.
    trigger.send([UInt8](repeating: 0x78, count: 8_192))
    server.connections[0].transport.close()
    try test.run(until: { client.isOver })
    #expect(client.events == ["responded 200 known(2)", "finished"])
    #expect(server.connections.count == 2)
    #expect(server.connections[0].text.contains("/again") == false)
    let sent = server.connections[1].text
    #expect(sent.hasPrefix("POST /again HTTP/1.1\r\nHost: backend\r\n"))
    #expect(sent.hasSuffix("\r\n\r\n7\r\npayload\r\n0\r\n\r\n"))
    #expect(try complete(pool).text == "hi")
    #expect(server.connections.count == 2)
    trigger.transport.close()
    receiver.transport.close()
  }

  /// The same for a request that waited in the queue and gets the connection right behind a response. (Over a
  /// UNIX-domain socket the end comes in the same look at the kernel as the response.)
  @Test func aRequestFromTheQueueThatNeverLeftIsSentAgain() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    let server = try ScriptedServer(test, at: .unix(path: path))
    server.onRequest = { peer, _ in
      peer.send(Self.ok)
      if server.connections.count == 1 { peer.transport.closeWhenFlushed() }
    }
    var endpoint = UpstreamEndpoint(.socket(path))
    endpoint.maxConnections = 1
    let pool = UpstreamPool(test.loop, endpoint)
    let clients = [TestClient("GET", "/1"), TestClient("GET", "/2")]
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients.allSatisfy { $0.text == "hi" })
    #expect(server.connections.count == 2)
  }

  /// Stray bytes in that moment are no answer to a request that has not left.
  @Test func strayBytesAnswerNoRequest() throws {
    let server = try ScriptedServer(test) { peer, _ in peer.send(Self.ok) }
    let pool = server.pool(test.loop)
    _ = try complete(pool)
    let (trigger, receiver) = try test.connectedPair()
    let client = TestClient("GET", "/mine")
    receiver.onRead = { _, _ in
      if client.stream == nil { pool.acquire(for: client) }
    }
    trigger.send([UInt8](repeating: 0x78, count: 8_192))
    server.connections[0].send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsomebody's")
    try test.run(until: { client.isOver })
    #expect(client.text == "hi")
    #expect(server.connections.count == 2)
    trigger.transport.close()
    receiver.transport.close()
  }

  /// The same behind a response, for the request that waits for its connection: here the response ends where one
  /// look at the kernel does.
  @Test func strayBytesBehindAResponseAreNotTheNextOne() throws {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\nX: "
    let padding = String(repeating: "x", count: 65_536 - 60_000 - head.utf8.count - 4)
    let first = head + padding + "\r\n\r\n" + String(repeating: "b", count: 60_000)
    #expect(first.utf8.count == 65_536)
    let server = try ScriptedServer(test)
    server.onRequest = { peer, _ in
      if server.requests > 1 { return peer.send(Self.ok) }
      peer.send(first + "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsomebody's")
    }
    let pool = server.pool(test.loop) { $0.maxConnections = 1 }
    let clients = [TestClient("GET", "/1"), TestClient("GET", "/2")]
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients[0].received.count == 60_000)
    #expect(clients[1].text == "hi")
  }

  @Test func aRequestThatLeftIsNotSentAgain() throws {
    let server = try ScriptedServer(test)
    server.onRequest = { peer, _ in
      if server.requests == 1 { peer.send(Self.ok) } else { peer.transport.close() }
    }
    let pool = server.pool(test.loop)
    _ = try complete(pool)
    let client = try complete(pool, TestClient("POST", "/once", length: .known(4), body: "body"))
    #expect(client.events == ["failed upstream_closed_early"])
    #expect(server.connections.count == 1)
    #expect(server.requests == 2)
  }
}

/// Listens without ever accepting, and its queue is full.
private final class FullListener {
  let port: Int
  private let listening: Int32
  private var filling: [Int32] = []

  init() throws {
    listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listening
    func withName(_ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
      withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
    }
    let size = length
    _ = withName { bind(descriptor, $0, size) }
    _ = listen(descriptor, 0)
    _ = withName { getsockname(descriptor, $0, &length) }
    for _ in 0..<4 {
      let one = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      _ = withName { connect(one, $0, size) }
      filling.append(one)
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    try #require(port > 0)
  }

  deinit {
    for descriptor in filling + [listening] { close(descriptor) }
  }
}
