import HTTP
import Net
import Pipeline
import Testing

@testable import Inbound

/// Every wait for a client or a response has an end.
struct WaitTests {
  private static let brief: UInt64 = 60

  // MARK: Heads

  @Test func aClientThatSaysNothing() throws {
    let gateway = try TestGateway { $0.requestHead = Self.brief }
    let client = try gateway.connect()
    try gateway.runUntilEnd(of: client)
    #expect(client.received.isEmpty)
    #expect(gateway.log.isEmpty)
  }

  @Test func aHeadThatDoesNotEnd() throws {
    let gateway = try TestGateway { $0.requestHead = Self.brief }
    let client = try gateway.client("GET /a HTTP/1.1\r\nHost:")
    try gateway.runUntilEnd(of: client)
    #expect(client.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    #expect(client.end == .closed)
    #expect(gateway.access == ["408 request_head_timeout"])
  }

  /// Each byte on its own does not earn it more time.
  @Test func aHeadThatTricklesIn() throws {
    let gateway = try TestGateway { $0.requestHead = Self.brief }
    let client = try gateway.client("GET /a HTTP/1.1\r\nHost: h\r\nX: ")
    try gateway.run(until: {
      client.send("x")
      return !client.received.isEmpty
    })
    #expect(client.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(gateway.access == ["408 request_head_timeout"])
  }

  @Test func aSecondHeadThatDoesNotEnd() throws {
    let gateway = try TestGateway { $0.requestHead = Self.brief }
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/a") + "GET /secret")
    try gateway.runUntilEnd(of: client)
    #expect(client.text.hasPrefix(.ok("x") + "HTTP/1.1 408 "))
    #expect(gateway.access == ["GET /a 200", "408 request_head_timeout"])
  }

  @Test func aConnectionThatRests() throws {
    let gateway = try TestGateway { $0.keepAlive = Self.brief }
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .ok("x"))
    #expect(client.end == .closed)
    #expect(gateway.access == ["GET /a 200"])
  }

  // MARK: Bodies

  @Test func aBodyThatDoesNotEnd() throws {
    let gateway = try TestGateway { $0.requestBody = Self.brief }
    let work = Work()
    let body = BodyRecorder()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      exchange.deliverBody(to: body)?.resume()
      return .taken
    }
    let client = try gateway.client(.post("/a", "Content-Length: 10\r\n", "01234"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    #expect(work.cancelled == [.timedOut])
    #expect(!body.isFinished)
    #expect(gateway.access == ["POST /a 408 request_body_timeout"])
  }

  @Test func aBodyThatDoesNotEndBehindTheResponsesHead() throws {
    let gateway = try TestGateway { $0.requestBody = Self.brief }
    gateway.on("/a") { exchange in
      exchange.begin(ResponseHead(200), .unknown, from: nil)?.write("part")
      exchange.deliverBody(to: BodyRecorder())?.resume()
      return .taken
    }
    let client = try gateway.client(.post("/a", "Content-Length: 10\r\n", "01234"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
    #expect(gateway.access == ["POST /a 200 timed_out"])
  }

  @Test func aBodyNobodyWantsThatDoesNotCome() throws {
    let gateway = try TestGateway { $0.requestBody = Self.brief }
    gateway.on("/a", answer: "enough")
    let client = try gateway.client(.post("/a", "Content-Length: 10\r\n", "01234"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .ok("enough"))
    #expect(gateway.access == ["POST /a 200"])
  }

  /// A body that nobody has asked for yet is not the client's debt: the short wait is not for it.
  @Test func aBodyThatHasNotBeenAskedFor() throws {
    let gateway = try TestGateway { $0.requestBody = Self.brief }
    let body = BodyRecorder()
    var source: (any BodySource)?
    gateway.on("/a") { exchange in
      source = exchange.deliverBody(to: body)
      body.onFinish = { exchange.send(.text(body.text)) }
      return .taken
    }
    let client = try gateway.client(.post("/a", "Content-Length: 4\r\n", "body"))
    try gateway.run(until: { source != nil })
    let start = gateway.loop.now
    try gateway.run(until: { gateway.loop.now > start + 2 * Self.brief })
    source?.resume()
    try gateway.expect(.ok("body"), at: client)
  }

  // MARK: Responses

  struct Limit: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let configure: @Sendable (inout InboundSettings) -> Void
  }

  private static let limits = [
    Limit(testDescription: "stream_idle") { $0.streamIdle = brief },
    Limit(testDescription: "stream_max") { $0.streamMax = brief },
  ]

  @Test(arguments: limits)
  func aResponseThatDoesNotBegin(_ limit: Limit) throws {
    let gateway = try TestGateway(limit.configure)
    let work = Work()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text.hasPrefix("HTTP/1.1 504 Gateway Timeout\r\n"))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    #expect(work.cancelled == [.timedOut])
    #expect(gateway.access == ["GET /a 504 exchange_timeout"])
  }

  @Test(arguments: limits)
  func aResponseThatDoesNotEnd(_ limit: Limit) throws {
    let gateway = try TestGateway(limit.configure)
    let work = Work()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      exchange.begin(ResponseHead(200), .unknown, from: nil)?.write("part")
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
    #expect(client.end == .closed)
    #expect(work.cancelled == [.timedOut])
    #expect(gateway.access == ["GET /a 200 timed_out"])
  }

  /// A stream on which something always moves ends all the same.
  @Test func aStreamThatNeverRests() throws {
    let gateway = try TestGateway {
      $0.streamIdle = 600_000
      $0.streamMax = Self.brief
    }
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: {
      sink?.write("tick")
      return client.end != nil
    })
    #expect(client.text.hasSuffix("4\r\ntick\r\n"))
    #expect(gateway.access == ["GET /a 200 timed_out"])
  }

  /// Each piece of a response earns it the whole wait again, and so does each piece of a request.
  @Test(arguments: ["response", "request"])
  func whatMovesIsNotIdle(_ side: String) throws {
    // Only a machine that stands still for this long could make a live stream look idle.
    let idle: UInt64 = 400
    let gateway = try TestGateway {
      $0.streamIdle = idle
      $0.requestBody = idle
    }
    var exchange: Exchange?
    var sink: (any BodySink)?
    gateway.on("/a") {
      exchange = $0
      if side == "request" {
        $0.deliverBody(to: BodyRecorder())?.resume()
      } else {
        sink = $0.begin(ResponseHead(200), .unknown, from: nil)
      }
      return .taken
    }
    let client = try gateway.client(.post("/a", side == "request" ? "Transfer-Encoding: chunked\r\n" : ""))
    try gateway.run(until: { exchange != nil })
    let start = gateway.loop.now
    try gateway.run(until: {
      if side == "request" { client.send("1\r\nx\r\n") } else { sink?.write("tick") }
      return gateway.loop.now > start + idle + idle / 2
    })
    #expect(client.end == nil)
    #expect(gateway.access.isEmpty)
  }

  /// The waits for a client do not count while the client waits for us.
  @Test func aSlowAnswerIsNotTheClientsFault() throws {
    let gateway = try TestGateway {
      $0.requestBody = Self.brief
      $0.keepAlive = Self.brief
    }
    let body = BodyRecorder()
    var exchange: Exchange?
    gateway.on("/a") {
      exchange = $0
      $0.deliverBody(to: body)?.resume()
      return .taken
    }
    let client = try gateway.client(.post("/a", "Content-Length: 4\r\n", "body"))
    try gateway.run(until: { body.isFinished })
    let start = gateway.loop.now
    try gateway.run(until: { gateway.loop.now > start + 2 * Self.brief })
    exchange?.send(.text("late"))
    try gateway.expect(.ok("late"), at: client)
  }
}
