import Bytes
import HTTP
import Net
import Pipeline
import Telemetry
import Testing
import Wire

@testable import Inbound

/// One exchange over HTTP/2: what its frames become for the stages, and the other way round.
struct H2ServerStreamTests {
  private static let brief: UInt64 = 60
  private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 % 251) } }

  // MARK: Responses

  @Test(arguments: [
    ("GET", 200, BodyLength.known(4), ["head 200 known(4)", "end"], String?("4"), "body"),
    ("GET", 200, .unknown, ["head 200 unknown", "end"], nil, "body"),
    ("GET", 200, .known(0), ["head 200 none", "end"], "0", ""), ("GET", 200, .none, ["head 200 none", "end"], "0", ""),
    ("HEAD", 200, .known(4), ["head 200 none", "end"], "4", ""),
    ("HEAD", 200, .unknown, ["head 200 none", "end"], nil, ""),
    ("GET", 204, .known(0), ["head 204 none", "end"], nil, ""), ("GET", 204, .none, ["head 204 none", "end"], nil, ""),
    ("GET", 304, .known(4), ["head 304 none", "end"], "4", ""),
  ])
  func lengths(
    _ method: String, _ status: Int, _ length: BodyLength, _ events: [String], _ announced: String?, _ body: String
  ) throws {
    let gateway = try TestGateway()
    gateway.on("/a") { exchange in
      let sink = exchange.begin(ResponseHead(status), length, from: nil)
      if length != .none && length != .known(0) { sink?.write("body") }
      sink?.finish(nil)
      return .taken
    }
    let call = try gateway.h2().call(method, "/a")
    try gateway.run(until: { call.isOver })
    #expect(call.events == events + ["closed NO_ERROR"])
    #expect(call.fields["content-length"] == announced)
    #expect(call.fields["date"] != nil)
    #expect(call.text == body)
    #expect(gateway.access == ["\(method) /a \(status)"])
  }

  @Test func informationAndTrailers() throws {
    let gateway = try TestGateway()
    let body = BodyRecorder()
    gateway.on("/a") { exchange in
      let early = ResponseHead(103)
      early.fields.append("Link", "</style.css>")
      exchange.inform(early)
      body.onFinish = {
        let trailers = Fields(capacity: 64)
        trailers.append("X-Sum", "1")
        let sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
        sink?.write("x")
        sink?.finish(trailers)
      }
      exchange.deliverBody(to: body)?.resume()
      return .taken
    }
    let call = try gateway.h2().call("POST", "/a", length: .unknown)
    let trailers = Fields(capacity: 64)
    trailers.append("X-Checksum", "2")
    call.send("data")
    call.finish(trailers)
    try gateway.run(until: { call.isOver })
    #expect(call.events == ["informed 103", "head 200 unknown", "end x-sum=1", "closed NO_ERROR"])
    #expect(body.text == "data")
    #expect(body.trailers == ["x-checksum: 2"])
  }

  /// A client that consumes nothing stops the producer behind its window; one that reads on gets the rest.
  @Test func aSlowReaderStopsTheProducer() throws {
    let gateway = try TestGateway()
    let producer = Producer()
    var sink: (any BodySink)?
    var written = 0
    func produce() {
      while let sink, written < 600_000 {
        written += 10_000
        if sink.write([UInt8](repeating: 0x61, count: 10_000)) == .wait { return }
      }
      sink?.finish(nil)
      sink = nil
    }
    producer.onResume = produce
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(200), .unknown, from: producer)
      produce()
      return .taken
    }
    let call = try gateway.h2().call("GET", "/a")
    call.consumes = false
    try gateway.run(until: { call.received.count == 65_535 })
    gateway.settle()
    #expect(call.received.count == 65_535)
    #expect(written < 65_535 + HTTP2Stream.highWater + 20_000)
    call.consume()
    try gateway.run(until: { call.isOver })
    #expect(call.received.count == 600_000)
    #expect(gateway.access == ["GET /a 200"])
  }

  /// A backend that breaks off: the client must see it, and the log says why (GW-88).
  @Test(arguments: [
    (BodyFailure.aborted, "upstream_aborted"), (.malformed, "upstream_malformed"), (.timedOut, "exchange_timeout"),
  ])
  func aResponseThatBreaksOff(_ failure: BodyFailure, _ reason: String) throws {
    let gateway = try TestGateway()
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(200), .known(100), from: nil)
      sink?.write("part")
      return .taken
    }
    gateway.on("/b", answer: "b")
    let client = try gateway.h2()
    let call = client.call("GET", "/a")
    try gateway.run(until: { call.text == "part" })
    sink?.fail(failure)
    sink?.write("late")
    sink?.finish(nil)
    try gateway.run(until: { call.isOver })
    #expect(call.events == ["head 200 known(100)", "closed INTERNAL_ERROR"])
    #expect(call.text == "part")
    #expect(gateway.access == ["GET /a 200 \(reason)"])
    let next = client.call("GET", "/b")
    try gateway.run(until: { next.isOver })
    #expect(next.text == "b")
  }

  /// The frame that was next when the client stopped reading is one of the response that has been given up meanwhile.
  @Test func aResponseThatBreaksOffBehindAFullSocket() throws {
    let gateway = try TestGateway { $0.maxConnections = 1 }
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
      sink?.write([UInt8](repeating: 0x61, count: 16 << 20))
      return .taken
    }
    let wire = try TestClient(gateway.address)
    var limits = HTTP2Limits(head: HeadLimits())
    limits.streamWindow = 64 << 20
    limits.connectionWindow = 64 << 20
    let client = gateway.h2(over: wire, limits)
    wire.isReading = false
    let call = client.call("GET", "/a")
    try gateway.run(until: { sink != nil })
    gateway.settle()
    sink?.fail(.aborted)
    wire.isReading = true
    try gateway.run(until: { call.isOver })
    #expect(call.events == ["head 200 unknown", "closed INTERNAL_ERROR"])
    #expect(call.received.count < 16 << 20)
    #expect(gateway.access == ["GET /a 200 upstream_aborted"])
  }

  // MARK: Requests

  @Test func aBodyWaitsUntilItIsWanted() throws {
    let gateway = try TestGateway()
    let body = BodyRecorder()
    body.waits = true
    var source: (any BodySource)?
    var running: Exchange?
    gateway.on("/a") { exchange in
      running = exchange
      source = exchange.deliverBody(to: body)
      body.onFinish = { exchange.send(.text("thanks")) }
      return .taken
    }
    let sent = Self.bytes(400_000)
    let call = try gateway.h2().call("POST", "/a", length: .known(sent.count))
    call.send(sent)
    call.finish()
    try gateway.run(until: { running?.record.bytesIn == 65_535 })
    gateway.settle()
    #expect(running?.record.bytesIn == 65_535)
    #expect(body.bytes.isEmpty)
    // Each piece is answered with `.wait`: nothing more comes before the next `resume`.
    source?.resume()
    let first = body.bytes.count
    #expect(first == 65_535)
    gateway.settle()
    #expect(body.bytes.count == first)
    try gateway.run(until: {
      source?.resume()
      return body.isFinished
    })
    #expect(body.bytes == sent)
    try gateway.run(until: { call.isOver })
    #expect(call.text == "thanks")
  }

  @Test(arguments: [true, false])
  func continuing(_ isWanted: Bool) throws {
    let gateway = try TestGateway()
    let body = BodyRecorder()
    gateway.on("/a") { exchange in
      guard isWanted else { return .respond(.text("no")) }
      body.onFinish = { exchange.send(.text("yes")) }
      exchange.deliverBody(to: body)?.resume()
      return .taken
    }
    let call = try gateway.h2().call("POST", "/a", [("expect", "100-continue")], length: .known(4))
    try gateway.run(until: { !call.events.isEmpty })
    #expect(call.events.first == (isWanted ? "informed 100" : "head 200 known(2)"))
    call.send("body")
    call.finish()
    try gateway.run(until: { call.isOver })
    #expect(call.events.filter { $0.hasPrefix("informed") }.count == (isWanted ? 1 : 0))
    #expect(call.text == (isWanted ? "yes" : "no"))
  }

  /// An answer before the end of the body: a little of the rest is taken, then the stream is reset, which does not make
  /// the response any less whole (RFC 9113 §8.1).
  @Test(arguments: [(10_000, true), (4_000_000, false)])
  func anEarlyAnswer(_ size: Int, _ takesAll: Bool) throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "early")
    let client = try gateway.h2()
    let call = client.call("POST", "/a", length: .known(size))
    call.send([UInt8](repeating: 0x62, count: size))
    if takesAll { call.finish() }
    try gateway.run(until: { call.isOver })
    #expect(call.events == ["head 200 known(5)", "end", "closed NO_ERROR"])
    #expect(call.text == "early")
    #expect(gateway.access == ["POST /a 200"])
    let next = client.call("GET", "/a")
    try gateway.run(until: { next.isOver })
    #expect(next.text == "early")
  }

  @Test func aClientThatResetsItsStream() throws {
    let gateway = try TestGateway()
    let work = Work()
    let body = BodyRecorder()
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      exchange.deliverBody(to: body)?.resume()
      sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
      return .taken
    }
    gateway.on("/b", answer: "b")
    let client = try gateway.h2()
    let call = client.call("POST", "/a", length: .unknown)
    call.send("part")
    try gateway.run(until: { body.text == "part" && !call.events.isEmpty })
    call.reset()
    try gateway.run(until: { !gateway.access.isEmpty })
    sink?.write("late")
    sink?.finish(nil)
    let next = client.call("GET", "/b")
    try gateway.run(until: { next.isOver })
    #expect(work.cancelled == [.clientGone])
    #expect(!body.isFinished)
    #expect(gateway.access == ["POST /a 200 client_gone", "GET /b 200"])
  }

  /// What may not be answered is reset and logged once; what is well-formed but not served is answered.
  @Test(arguments: [
    ("x bad", "y", ["closed PROTOCOL_ERROR"], "0 malformed_head"),
    ("x-large", String(repeating: "x", count: 3_000), ["head 431", "end", "closed NO_ERROR"], "431 head_too_large"),
  ])
  func headsThatAreRefused(_ name: String, _ value: String, _ events: [String], _ line: String) throws {
    let gateway = try TestGateway { $0.limits.headSize = 2_000 }
    gateway.on("/a", answer: "a")
    let client = try gateway.h2()
    try gateway.run(until: { client.session.peerStreamLimit == 128 })
    let call = client.call("GET", "/a", [(name, value)])
    try gateway.run(until: { call.isOver })
    #expect(call.events.map { $0.hasPrefix("head") ? String($0.prefix(8)) : $0 } == events)
    #expect(gateway.access.count == 1)
    #expect(gateway.access.first?.hasSuffix(line) == true)
    let next = client.call("GET", "/a")
    try gateway.run(until: { next.isOver })
    #expect(next.text == "a")
  }

  // MARK: Time

  @Test func aBodyThatDoesNotEnd() throws {
    let gateway = try TestGateway { $0.requestBody = Self.brief }
    let work = Work()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      exchange.deliverBody(to: BodyRecorder())?.resume()
      return .taken
    }
    let call = try gateway.h2().call("POST", "/a", length: .known(10))
    call.send("01234")
    try gateway.run(until: { call.isOver })
    #expect(call.events.first?.hasPrefix("head 408") == true)
    // The rest of the body does not come either: the response is whole all the same.
    #expect(call.events.last == "closed NO_ERROR")
    #expect(work.cancelled == [.timedOut])
    #expect(gateway.access == ["POST /a 408 request_body_timeout"])
  }

  @Test(arguments: [
    (false, ["head 504", "end", "closed NO_ERROR"], "GET /a 504 exchange_timeout"),
    (true, ["head 200", "closed INTERNAL_ERROR"], "GET /a 200 timed_out"),
  ])
  func nothingMoves(_ hasBegun: Bool, _ events: [String], _ line: String) throws {
    let gateway = try TestGateway { $0.streamIdle = Self.brief }
    let work = Work()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      if hasBegun { exchange.begin(ResponseHead(200), .unknown, from: nil)?.write("part") }
      return .taken
    }
    let call = try gateway.h2().call("GET", "/a")
    try gateway.run(until: { call.isOver })
    #expect(call.events.map { $0.hasPrefix("head") ? String($0.prefix(8)) : $0 } == events)
    #expect(work.cancelled == [.timedOut])
    #expect(gateway.access == [line])
  }
}
