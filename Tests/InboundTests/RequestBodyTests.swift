import HTTP
import JSON
import Net
import Pipeline
import Testing

@testable import Inbound

/// The body of a request: given to who asks for it, thrown away when nobody does.
struct RequestBodyTests {
  /// Serves `/a`: the body goes to the recorder when `resume` is called, and comes back as the response.
  private final class Echo {
    let body = BodyRecorder()
    private(set) var source: (any BodySource)?
    private(set) var exchange: Exchange?

    init(_ gateway: TestGateway, resumes: Bool = true) {
      gateway.on("/a") { [self] exchange in
        self.exchange = exchange
        source = exchange.deliverBody(to: body)
        body.onFinish = { [unowned self] in exchange.send(Reply(200, [], body: body.bytes)) }
        if resumes { source?.resume() }
        return .taken
      }
    }
  }

  @Test func isDeliveredWhenAskedFor() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway, resumes: false)
    let client = try gateway.client(.post("/a", "Content-Length: 5\r\n", "hello"))
    try gateway.run(until: { echo.source != nil })
    gateway.settle()
    #expect(echo.body.bytes.isEmpty)
    #expect(echo.exchange?.bodyLength == .known(5))
    echo.source?.resume()
    try gateway.expect(.ok("hello"), at: client)
    #expect(gateway.log.first?["bytes_in"]?.integerValue == 5)
  }

  @Test func inChunksWithTrailers() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway)
    let body = "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Checksum: 1\r\n\r\n"
    let client = try gateway.client(.post("/a", "Transfer-Encoding: chunked\r\n", body) + .post("/a", "", ""))
    try gateway.expect(.ok("hello world"), at: client)
    #expect(echo.body.trailers == ["X-Checksum: 1"])
    #expect(gateway.log.first?["bytes_in"]?.integerValue == 11)
  }

  @Test func aRequestWithoutOne() throws {
    let gateway = try TestGateway()
    var lengths: [BodyLength] = []
    gateway.on("/a") { exchange in
      lengths.append(exchange.bodyLength)
      return .respond(.text("x"))
    }
    let client = try gateway.client(.get("/a") + .post("/a", "Content-Length: 0\r\n"))
    try gateway.expect(.ok("x") + .ok("x"), at: client)
    #expect(lengths == [.none, .none])
  }

  // MARK: Expect: 100-continue

  @Test func isAskedForWithContinue() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway, resumes: false)
    let client = try gateway.client(.post("/a", "Content-Length: 4\r\nExpect: 100-Continue\r\n"))
    try gateway.run(until: { echo.source != nil })
    gateway.settle()
    #expect(client.received.isEmpty)
    echo.source?.resume()
    try gateway.expect("HTTP/1.1 100 Continue\r\n\r\n", at: client)
    client.send("body")
    try gateway.expect("HTTP/1.1 100 Continue\r\n\r\n" + .ok("body"), at: client)
  }

  /// A client that sends the body without waiting is not told to send it.
  @Test func isHereBeforeItIsAskedFor() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway, resumes: false)
    let client = try gateway.client(.post("/a", "Content-Length: 4\r\nExpect: 100-continue\r\n"))
    try gateway.run(until: { echo.source != nil })
    client.send("body")
    gateway.settle()
    echo.source?.resume()
    try gateway.expect(.ok("body"), at: client)
  }

  @Test(arguments: [
    "POST /a HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: something\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n",
  ])
  func isAwaitedInSilence(_ head: String) throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway)
    let client = try gateway.client(head)
    try gateway.run(until: { echo.source != nil })
    gateway.settle()
    #expect(client.received.isEmpty)
    client.send("body")
    try gateway.run(until: { client.text.hasSuffix("body") })
    #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  /// Refused unseen: no `100 Continue`, and the connection closes, because the body may come or may not.
  @Test func isNotAskedForWhenTheRequestIsRefused() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "no")
    let client = try gateway.client(.post("/a", "Content-Length: 4\r\nExpect: 100-continue\r\n"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .okAndClose("no"))
  }

  // MARK: Nobody reads it

  @Test(arguments: [
    (fields: "Content-Length: 5\r\n", body: "hello"),
    (fields: "Content-Length: 262144\r\n", body: String(repeating: "x", count: 262_144)),
    (fields: "Transfer-Encoding: chunked\r\n", body: "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"),
  ])
  func isThrownAwayToSaveTheConnection(_ fields: String, _ body: String) throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "enough")
    gateway.on("/b", answer: "next")
    let client = try gateway.client(.post("/a", fields))
    try gateway.expect(.ok("enough"), at: client)
    client.send(body + .get("/b"))
    try gateway.expect(.ok("enough") + .ok("next"), at: client)
    #expect(gateway.access == ["POST /a 200", "GET /b 200"])
  }

  /// Reading it would cost more than a new connection.
  @Test func isTooLargeToThrowAway() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "enough")
    let client = try gateway.client(.post("/a", "Content-Length: 262145\r\n", "some of it"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .okAndClose("enough"))
    #expect(client.end == .closed)
  }

  /// Nobody knows how much is to come; past the limit the connection ends, without a second answer.
  @Test func turnsOutTooLargeToThrowAway() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "enough")
    let client = try gateway.client(.post("/a", "Transfer-Encoding: chunked\r\n"))
    try gateway.expect(.ok("enough"), at: client)
    for _ in 0..<5 { client.send("10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n") }
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .ok("enough"))
    #expect(gateway.access == ["POST /a 200"])
  }

  /// Broken framing behind the answer: whatever follows cannot be trusted.
  @Test func isMalformedWhileItIsThrownAway() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "enough")
    let client = try gateway.client(.post("/a", "Transfer-Encoding: chunked\r\n"))
    try gateway.expect(.ok("enough"), at: client)
    client.send("nonsense\r\n" + .get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .ok("enough"))
    #expect(gateway.access == ["POST /a 200"])
  }

  /// Read in part, answered, and the rest thrown away.
  @Test func isNoLongerWantedHalfWay() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway)
    gateway.on("/b", answer: "next")
    let client = try gateway.client(.post("/a", "Content-Length: 10\r\n", "01234"))
    try gateway.run(until: { echo.body.text == "01234" })
    echo.source?.cancel(.cancelled)
    echo.exchange?.send(.text("enough"))
    try gateway.expect(.ok("enough"), at: client)
    client.send("56789" + .get("/b"))
    try gateway.expect(.ok("enough") + .ok("next"), at: client)
    #expect(echo.body.text == "01234")
    #expect(!echo.body.isFinished)
  }

  @Test func isReadToItsEndBehindAnEarlyResponse() throws {
    let gateway = try TestGateway()
    let body = BodyRecorder()
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(200), .known(2), from: nil)
      exchange.deliverBody(to: body)?.resume()
      return .taken
    }
    let client = try gateway.client(.post("/a", "Content-Length: 10\r\n", "01234"))
    try gateway.run(until: { body.text == "01234" })
    client.send("56789")
    try gateway.run(until: { body.isFinished })
    sink?.write("ok")
    sink?.finish(nil)
    try gateway.expect(.ok("ok"), at: client)
  }

  // MARK: Backpressure

  /// A sink that says `.wait` after each piece gets the next one when it asks, and nothing is lost in between.
  @Test(arguments: [true, false])
  func stopsWhenTheSinkIsFull(isChunked: Bool) throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway)
    echo.body.waits = true
    let content = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 8) }
    let client: TestClient
    if isChunked {
      client = try gateway.client(.post("/a", "Transfer-Encoding: chunked\r\n"))
      for start in stride(from: 0, to: content.count, by: 100_000) {
        client.send(Array("186a0\r\n".utf8) + content[start..<start + 100_000] + Array("\r\n".utf8))
      }
      client.send("0\r\n\r\n")
    } else {
      client = try gateway.client(.post("/a", "Content-Length: 1000000\r\n"))
      client.send(content)
    }
    try gateway.run(until: { echo.body.pieces == 1 })
    gateway.settle()
    #expect(echo.body.pieces == 1)
    while !echo.body.isFinished {
      let before = echo.body.pieces
      echo.source?.resume()
      try gateway.run(until: { echo.body.pieces > before || echo.body.isFinished })
    }
    #expect(echo.body.bytes == content)
    try gateway.run(until: { client.received.count > 1_000_000 })
    #expect(client.received.suffix(1_000_000) == content[...])
  }

  /// The sink is full at the very last byte: nothing more comes, and the end is told all the same.
  @Test func stopsAtItsLastByte() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway)
    echo.body.waits = true
    let client = try gateway.client(.post("/a", "Content-Length: 4\r\n", "body"))
    try gateway.run(until: { echo.body.text == "body" })
    gateway.settle()
    #expect(!echo.body.isFinished)
    echo.source?.resume()
    #expect(echo.body.isFinished)
    try gateway.expect(.ok("body"), at: client)
  }

  // MARK: What goes wrong

  @Test func isMalformed() throws {
    let gateway = try TestGateway()
    let echo = Echo(gateway)
    let work = Work()
    let client = try gateway.client(.post("/a", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"))
    try gateway.run(until: { echo.body.text == "hello" })
    echo.exchange?.undertake(work)
    client.send("nonsense\r\n")
    try gateway.runUntilEnd(of: client)
    #expect(client.text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    #expect(work.cancelled == [.clientFault])
    #expect(gateway.access == ["POST /a 400 bad_chunk_size"])
  }

  /// The response is under way: it can only be cut.
  @Test func isMalformedBehindTheResponsesHead() throws {
    let gateway = try TestGateway()
    let work = Work()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      exchange.begin(ResponseHead(200), .unknown, from: nil)?.write("part")
      exchange.deliverBody(to: BodyRecorder())?.resume()
      return .taken
    }
    let client = try gateway.client(.post("/a", "Transfer-Encoding: chunked\r\n", "nonsense\r\n"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
    #expect(work.cancelled == [.clientFault])
    #expect(gateway.access == ["POST /a 200 bad_chunk_size"])
  }
}
