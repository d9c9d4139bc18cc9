import Bytes
import HTTP
import Net
import Testing
import Wire

@testable import Outbound

/// One request over HTTP/2 and its response.
struct H2ClientStreamTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func begin(_ backend: H2Backend, _ pool: UpstreamPool, _ client: TestClient) throws -> H2BackendRequest {
    let count = backend.requests.count
    pool.acquire(for: client)
    try test.run(until: { backend.requests.count == count + 1 })
    return backend.requests[count]
  }

  @Test(arguments: [
    ("GET", BodyLength.none, String?.none, BodyLength.none), ("POST", .none, nil, .none),
    ("POST", .known(4), "body", .known(4)), ("POST", .unknown, "body", .unknown), ("POST", .known(0), nil, .none),
  ])
  func requests(_ method: String, _ length: BodyLength, _ body: String?, _ received: BodyLength) throws {
    let backend = try H2Backend(test)
    let client = TestClient(method, "/path", length: length, body: body)
    let request = try begin(backend, backend.pool(), client)
    try test.run(until: { client.isOver && request.hasEnded })
    #expect(request.head.methodName.text == method)
    #expect(request.path == "/path")
    #expect(request.head.authority?.text == "backend")
    #expect(request.length == received)
    #expect(request.text == body ?? "")
    #expect(client.events == ["responded 200 unknown", "finished"])
    #expect(client.text == "hi")
  }

  @Test func informationAndTrailers() throws {
    let backend = try H2Backend(test) { _ in }
    let client = TestClient("POST", "/", length: .unknown)
    let request = try begin(backend, backend.pool(), client)
    let trailers = Fields(capacity: 64)
    trailers.append("X-Sum", "1")
    client.requestSink?.finish(trailers)
    try test.run(until: { request.hasEnded })
    #expect(request.events == ["end x-sum=1"])
    request.inform(103)
    request.respond(200, body: true)
    request.write("x")
    request.finish(trailers)
    try test.run(until: { client.isOver })
    #expect(client.events == ["informed 103", "responded 200 unknown", "finished x-sum=1"])
  }

  @Test func aResponseWithoutABody() throws {
    let backend = try H2Backend(test) { $0.respond(204, body: false) }
    let client = TestClient()
    _ = try begin(backend, backend.pool(), client)
    try test.run(until: { client.isOver })
    #expect(client.events == ["responded 204 none", "finished"])
  }

  // MARK: Backpressure

  @Test func aSlowBackendStopsTheSource() throws {
    let backend = try H2Backend(test) { $0.consumes = false }
    let client = TestClient("POST", "/", length: .known(300_000))
    let request = try begin(backend, backend.pool(), client)
    var sent = 0
    func produce() {
      while sent < 300_000 {
        sent += 10_000
        let flow = [UInt8](repeating: 0x62, count: 10_000).withUnsafeBytes { client.requestSink?.write($0) }
        if flow == .wait { return }
      }
      client.requestSink?.finish(nil)
    }
    client.source.onResume = produce
    produce()
    try test.run(until: { request.received.count == 65_535 })
    try test.run(for: 5)
    #expect(request.received.count == 65_535)
    #expect(sent < 65_535 + HTTP2Stream.highWater + 20_000)
    request.consume()
    try test.run(until: { request.hasEnded })
    #expect(request.received.count == 300_000)
    request.answer("done")
    try test.run(until: { client.isOver })
    #expect(client.text == "done")
  }

  @Test func aSlowClientStopsTheBackend() throws {
    let backend = try H2Backend(test) { request in
      request.respond(200, body: true)
      request.write([UInt8](repeating: 0x61, count: 300_000))
      request.finish()
    }
    let client = TestClient()
    client.flow = .wait
    _ = try begin(backend, backend.pool(), client)
    try test.run(until: { !client.received.isEmpty })
    try test.run(for: 5)
    #expect(client.received.count <= 65_535)
    client.flow = .more
    try test.run(until: {
      client.stream?.responseBody.resume()
      return client.isOver
    })
    #expect(client.received.count == 300_000)
    #expect(client.events == ["responded 200 unknown", "finished"])
  }

  /// The end that has come is told only behind the bytes that wait, also when the stream is long closed.
  @Test func theEndWaitsForItsTurn() throws {
    let backend = try H2Backend(test)
    let client = TestClient()
    client.flow = .wait
    let request = try begin(backend, backend.pool(), client)
    try test.run(until: { request.events.contains("closed NO_ERROR") })
    try test.run(for: 2)
    #expect(client.events == ["responded 200 unknown"])
    client.stream?.responseBody.resume()
    #expect(client.text == "hi")
    #expect(client.events.last == "finished")
  }

  // MARK: Ending early

  /// The backend answers while the request's body is still coming. The response is the end of it: what was left of the
  /// request would hold the stream open for ever.
  @Test func anEarlyResponse() throws {
    let backend = try H2Backend(test)
    let pool = backend.pool()
    let client = TestClient("POST", "/", length: .known(100))
    let request = try begin(backend, pool, client)
    try test.run(until: { client.isOver })
    #expect(client.text == "hi")
    #expect([UInt8]("late".utf8).withUnsafeBytes { client.requestSink?.write($0) } != nil)
    client.requestSink?.finish(nil)
    try test.run(until: { request.events.last == "closed CANCEL" })
    #expect(!request.hasEnded)
    let next = TestClient()
    _ = try begin(backend, pool, next)
    try test.run(until: { next.isOver })
    #expect(backend.connections.count == 1)
  }

  @Test(arguments: [
    (HTTP2ErrorCode.internalError, "fail aborted"), (.cancel, "fail aborted"), (.noError, "fail malformed"),
  ])
  func aResponseThatBreaksOff(_ code: HTTP2ErrorCode, _ event: String) throws {
    let backend = try H2Backend(test) { $0.respond(200, body: true) }
    let client = TestClient()
    let request = try begin(backend, backend.pool(), client)
    request.write("part")
    try test.run(until: { client.text == "part" })
    request.reset(code)
    try test.run(until: { client.isOver })
    #expect(client.events == ["responded 200 unknown", event])
  }

  @Test(arguments: [HTTP2ErrorCode.internalError, .enhanceYourCalm, HTTP2ErrorCode(0xd)])
  func aRefusalThatIsFinal(_ code: HTTP2ErrorCode) throws {
    let backend = try H2Backend(test) { $0.reset(code) }
    let client = TestClient("POST", "/", length: .known(4), body: "body")
    _ = try begin(backend, backend.pool(), client)
    try test.run(until: { client.isOver })
    #expect(client.events == ["failed upstream_reset"])
    #expect(client.failure?.detail == "\(code.name)")
    #expect(backend.requests.count == 1)
  }

  @Test(arguments: [true, false])
  func aClientThatLeaves(_ hasResponded: Bool) throws {
    let backend = try H2Backend(test) { if hasResponded { $0.respond(200, body: true) } }
    let pool = backend.pool()
    let client = TestClient("POST", "/", length: .unknown)
    let request = try begin(backend, pool, client)
    if hasResponded { try test.run(until: { !client.events.isEmpty }) }
    client.stream?.abort()
    try test.run(until: { request.events == ["closed CANCEL"] })
    #expect(client.events == (hasResponded ? ["responded 200 unknown"] : []))
    backend.onRequest = { $0.answer("hi") }
    let next = TestClient()
    _ = try begin(backend, pool, next)
    try test.run(until: { next.isOver })
    #expect(backend.connections.count == 1)
  }

  @Test func nobodyWantsTheResponse() throws {
    let backend = try H2Backend(test) { $0.respond(200, body: true) }
    let client = TestClient()
    client.wantsResponse = false
    let request = try begin(backend, backend.pool(), client)
    try test.run(until: { request.events.contains("closed CANCEL") })
    #expect(client.events == ["responded 200 unknown"])
  }

  // MARK: Sending again (RFC 9113 §8.7)

  @Test func refusedOnceIsSentAgain() throws {
    let backend = try H2Backend(test)
    backend.onRequest = { [unowned backend] in
      if backend.requests.count == 1 { $0.reset(.refusedStream) } else { $0.answer("second") }
    }
    let client = TestClient("POST", "/x", length: .unknown, body: "payload")
    backend.pool().acquire(for: client)
    try test.run(until: { client.isOver && backend.requests.last?.hasEnded == true })
    #expect(client.events == ["responded 200 unknown", "finished"])
    #expect(client.text == "second")
    #expect(backend.requests.map(\.path) == ["/x", "/x"])
    #expect(backend.requests[1].text == "payload")
  }

  @Test func refusedTwiceIsGivenUp() throws {
    let backend = try H2Backend(test) { $0.reset(.refusedStream) }
    let client = TestClient("POST", "/x", length: .known(4), body: "body")
    backend.pool().acquire(for: client)
    try test.run(until: { client.isOver })
    #expect(client.events == ["failed upstream_reset"])
    #expect(client.failure?.detail == "REFUSED_STREAM")
    #expect(backend.requests.count == 2)
  }

  /// What has been taken up may have had its effect, and what is not kept whole cannot be sent again.
  @Test(arguments: [true, false])
  func notSentAgain(_ isInformed: Bool) throws {
    let backend = try H2Backend(test)
    let size = isInformed ? 10 : 100_000
    backend.onRequest = { if isInformed { $0.inform(103) } }
    let client = TestClient("POST", "/x", length: .known(size + 1))
    let request = try begin(backend, backend.pool(), client)
    [UInt8](repeating: 0x62, count: size).withUnsafeBytes { _ = client.requestSink?.write($0) }
    try test.run(until: { request.received.count == size && (!isInformed || !client.events.isEmpty) })
    request.reset(.refusedStream)
    try test.run(until: { client.isOver })
    #expect(client.events.last == "failed upstream_reset")
    #expect(backend.requests.count == 1)
  }

  /// The body goes on while the request waits for its second stream, and not one byte of it is lost, however much has
  /// been kept already.
  @Test func theBodyThatComesMeanwhileIsKept() throws {
    let backend = try H2Backend(test) { _ in }
    let pool = backend.pool { $0.maxConnections = 1 }
    let occupant = try begin(backend, pool, TestClient())
    let client = TestClient("POST", "/x", length: .unknown)
    let request = try begin(backend, pool, client)
    let body = (0..<120_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
    func send(_ range: Range<Int>) -> Flow? { Array(body[range]).withUnsafeBytes { client.requestSink?.write($0) } }
    #expect(send(0..<60_000) != nil)
    try test.run(until: { request.received.count == 60_000 })
    // The only connection takes no more, and another one is not to be had before it is closed.
    request.reset(.refusedStream)
    request.connection.session.refuseNewStreams()
    try test.run(until: { request.events == ["closed REFUSED_STREAM"] })
    try test.run(for: 3)
    #expect(send(60_000..<110_000) == .wait)
    client.source.onResume = {
      client.source.onResume = {}
      _ = send(110_000..<120_000)
      client.requestSink?.finish(nil)
    }
    occupant.answer("over")
    try test.run(until: { backend.requests.count == 3 && backend.requests[2].hasEnded })
    #expect(backend.requests[2].received == body)
    backend.requests[2].answer("whole")
    try test.run(until: { client.isOver })
    #expect(client.text == "whole")
  }

  @Test func aClientThatLeavesBetweenTheTwo() throws {
    let backend = try H2Backend(test) { $0.reset(.refusedStream) }
    let pool = backend.pool()
    weak var released: TestClient?
    do {
      let client = TestClient()
      released = client
      pool.acquire(for: client)
      backend.onRequest = { [unowned backend] request in
        if backend.requests.count == 1 { request.reset(.refusedStream) } else { client.stream?.abort() }
      }
      try test.run(until: { backend.requests.count == 2 && backend.requests[1].events.last == "closed CANCEL" })
      #expect(client.events.isEmpty)
      backend.onRequest = { $0.answer("hi") }
    }
    #expect(released == nil)
  }

  /// Neither the answer nor the refusal leaves anybody behind who keeps the others alive.
  @Test(arguments: [0, 1, 2])
  func nobodyIsKeptAlive(_ refusals: Int) throws {
    let backend = try H2Backend(test)
    backend.onRequest = { [unowned backend] in
      if backend.requests.count <= refusals { $0.reset(.refusedStream) } else { $0.answer("hi") }
    }
    let pool = backend.pool()
    weak var released: TestClient?
    do {
      let client = TestClient("POST", "/", length: .known(4), body: "body")
      released = client
      pool.acquire(for: client)
      try test.run(until: { client.isOver })
    }
    try test.run(for: 2)
    #expect(released == nil)
  }
}
