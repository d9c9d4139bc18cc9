import Bytes
import HTTP
import JSON
import Net
import Pipeline
import Testing
import Wire

@testable import Inbound

/// A client's HTTP/2 connection as a whole: many exchanges at once, and how it ends.
struct H2ServerConnectionTests {
  private static let brief: UInt64 = 60
  private static let ok = ["head 200 known(1)", "end", "closed NO_ERROR"]

  @Test func manyStreamsAtOnce() throws {
    let gateway = try TestGateway()
    var parked: [Suspension<Verdict>] = []
    var bodies: [BodyRecorder] = []
    gateway.on("/now", answer: "n")
    gateway.on("/later") { _ in
      let suspension = Suspension<Verdict>()
      parked.append(suspension)
      return .suspended(suspension)
    }
    gateway.on("/body") { exchange in
      let body = BodyRecorder()
      bodies.append(body)
      body.onFinish = { exchange.send(.text("\(body.bytes.count)")) }
      exchange.deliverBody(to: body)?.resume()
      return .taken
    }
    let client = try gateway.h2()
    let now = (0..<20).map { _ in client.call("GET", "/now") }
    let later = (0..<20).map { _ in client.call("GET", "/later") }
    let posts = (0..<20).map { _ in client.call("POST", "/body", length: .unknown) }
    for post in posts {
      post.send([UInt8](repeating: 0x62, count: 100_000))
      post.finish()
    }
    try gateway.run(until: { (now + posts).allSatisfy(\.isOver) && parked.count == 20 })
    #expect(later.allSatisfy { $0.events.isEmpty })
    for (index, suspension) in parked.enumerated().reversed() { suspension.resume(.respond(.text("\(index % 10)"))) }
    try gateway.run(until: { later.allSatisfy(\.isOver) })
    #expect((now + later).allSatisfy { $0.events == Self.ok })
    #expect(now.allSatisfy { $0.text == "n" })
    #expect(later.map(\.text) == (0..<20).map { "\($0 % 10)" })
    #expect(posts.allSatisfy { $0.text == "100000" })
    #expect(gateway.access.count == 60)
    #expect(gateway.access.allSatisfy { $0.hasSuffix(" 200") })
  }

  /// Far more than one batch of frames, and the client's windows are no reason to stop.
  @Test func oneLargeAnswerLeavesWhole() throws {
    let gateway = try TestGateway()
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
    gateway.on("/a") { _ in .respond(Reply(200, [], body: body)) }
    var limits = HTTP2Limits(head: HeadLimits())
    limits.streamWindow = 8 << 20
    limits.connectionWindow = 8 << 20
    let call = try { client in
      let call = client.call("GET", "/a")
      call.consumes = false
      return call
    }(gateway.h2(limits))
    try gateway.run(until: { call.isOver })
    #expect(call.received == body)
  }

  // MARK: Time

  @Test func aClientThatSaysNothing() throws {
    let gateway = try TestGateway { $0.requestHead = Self.brief }
    let client = try gateway.h2()
    try gateway.run(until: { !client.farewells.isEmpty })
    #expect(client.farewells == ["0 NO_ERROR"])
    #expect(gateway.log.isEmpty)
  }

  @Test func aConnectionThatRests() throws {
    let gateway = try TestGateway { $0.keepAlive = Self.brief }
    gateway.on("/a", answer: "x")
    let wire = try TestClient(gateway.address)
    let client = gateway.h2(over: wire)
    let call = client.call("GET", "/a")
    try gateway.run(until: { wire.end != nil })
    #expect(call.events == Self.ok)
    #expect(client.farewells == ["1 NO_ERROR"])
    #expect(wire.end == .closed)
  }

  /// The rest of a field section is waited for as long as that of an HTTP/1.1 head, however it trickles in.
  @Test func aFieldSectionThatDoesNotEnd() throws {
    let gateway = try TestGateway { $0.requestHead = Self.brief }
    gateway.on("/a", answer: "x")
    let wire = try TestClient(gateway.address)
    let client = gateway.h2(over: wire)
    let call = client.call("GET", "/a")
    try gateway.run(until: { call.isOver })
    // HEADERS on stream 3, without END_HEADERS; then CONTINUATION frames with nothing in them.
    wire.send([0, 0, 1, 1, 1, 0, 0, 0, 3, 0x82])
    for _ in 0..<3 {
      gateway.settle()
      wire.send([0, 0, 0, 9, 0, 0, 0, 0, 3])
    }
    try gateway.run(until: { wire.end != nil })
    #expect(client.farewells.map { $0.split(separator: " ")[1] } == ["PROTOCOL_ERROR"])
    #expect(gateway.events("http2_ended").map { $0["reason"] } == ["request_head_timeout"])
  }

  /// A client that takes nothing at all: not even the frame that would end its stream.
  @Test func aClientThatReadsNothingIsClosed() throws {
    let gateway = try TestGateway {
      $0.streamIdle = Self.brief
      $0.requestBody = Self.brief
      // On a slow machine the stream's time may be over before the socket is full: then the connection has no stream.
      $0.keepAlive = Self.brief
      $0.maxConnections = 1
    }
    gateway.on("/a") { _ in .respond(Reply(200, [], body: [UInt8](repeating: 0, count: 16 << 20))) }
    let wire = try TestClient(gateway.address)
    var limits = HTTP2Limits(head: HeadLimits())
    limits.streamWindow = 64 << 20
    limits.connectionWindow = 64 << 20
    let client = gateway.h2(over: wire, limits)
    wire.isReading = false
    client.call("GET", "/a")
    try gateway.run(until: { !gateway.service.hasRoom })
    try gateway.run(until: { gateway.service.hasRoom })
    #expect(gateway.access == ["GET /a 200"])
  }

  // MARK: Stopping

  @Test func drainingWarnsBeforeItRefuses() throws {
    let gateway = try TestGateway()
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
      return .taken
    }
    let wires = try [TestClient(gateway.address), TestClient(gateway.address)]
    let clients = wires.map { gateway.h2(over: $0) }
    let call = clients[0].call("GET", "/a")
    try gateway.run(until: { sink != nil && !call.events.isEmpty })
    var drained = 0
    gateway.service.drain(timeout: 10_000) { drained += 1 }
    try gateway.run(until: { clients.allSatisfy { !$0.farewells.isEmpty } })
    #expect(clients.map(\.farewells) == [["2147483647 NO_ERROR"], ["2147483647 NO_ERROR"]])
    // What the client says meanwhile does not put off the second farewell.
    clients[0].session.ping()
    try gateway.run(until: { clients[0].farewells.count == 2 && wires[1].end != nil })
    #expect(clients[0].farewells[1] == "1 NO_ERROR")
    // The library does not read on for a client without streams.
    #expect(wires[1].received.suffix(17) == [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(wires[1].end == .closed)
    #expect(drained == 0)
    sink?.write("the end")
    sink?.finish(nil)
    try gateway.run(until: { drained == 1 && wires[0].end == .closed })
    #expect(call.text == "the end")
    #expect(call.events.suffix(2) == ["end", "closed NO_ERROR"])
  }

  @Test func whatDoesNotFinishInTimeIsCut() throws {
    let gateway = try TestGateway()
    let work = Work()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      return .taken
    }
    let wire = try TestClient(gateway.address)
    let client = gateway.h2(over: wire)
    client.call("GET", "/a")
    client.call("GET", "/a")
    try gateway.run(until: { client.session.openStreams == 2 && client.session.peerStreamLimit == 128 })
    gateway.turns(2)
    var drained = false
    gateway.service.drain(timeout: 1) { drained = true }
    try gateway.run(until: { drained && wire.end != nil })
    #expect(work.cancelled == [.shutdown, .shutdown])
    #expect(gateway.access == ["GET /a 0 shutdown", "GET /a 0 shutdown"])
  }

  // MARK: Leaving

  @Test func aClientThatLeavesTakesAllItsExchangesAlong() throws {
    let gateway = try TestGateway()
    let work = Work()
    var running = 0
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      running += 1
      return .taken
    }
    let client = try gateway.h2()
    for _ in 0..<5 { client.call("GET", "/a") }
    try gateway.run(until: { running == 5 })
    client.close()
    try gateway.run(until: { gateway.access.count == 5 })
    #expect(work.cancelled.allSatisfy { $0 == .clientGone })
    #expect(work.cancelled.count == 5)
    #expect(gateway.access == Array(repeating: "GET /a 0 client_gone", count: 5))
  }

  @Test func aClientThatOnlyMakesWorkIsCutOff() throws {
    let gateway = try TestGateway()
    gateway.on("/a") { _ in .taken }
    let wire = try TestClient(gateway.address)
    let client = gateway.h2(over: wire)
    var calls: [H2Call] = []
    try gateway.run(until: {
      for call in calls { call.reset() }
      calls = (0..<20).map { _ in client.call("GET", "/a") }
      return wire.end != nil
    })
    #expect(client.farewells.map { $0.split(separator: " ")[1] } == ["ENHANCE_YOUR_CALM"])
    #expect(gateway.events("http2_abuse").map { $0["cause"] } == ["rapid_reset"])
    #expect(gateway.access.count > 200)
    #expect(gateway.access.count < 400)
    #expect(gateway.access.allSatisfy { $0 == "GET /a 0 client_gone" })
  }
}
