import Bytes
import HTTP
import Net
import Pipeline
import Testing

@testable import Inbound

/// One request after the other on a connection, and when it ends.
struct H1ServerConnectionTests {
  @Test func staysOpenForTheNextRequest() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "first")
    gateway.on("/b", answer: "second")
    let client = try gateway.client(.get("/a"))
    try gateway.expect(.ok("first"), at: client)
    client.send(.get("/b"))
    try gateway.expect(.ok("first") + .ok("second"), at: client)
    #expect(client.end == nil)
    #expect(gateway.access == ["GET /a 200", "GET /b 200"])
  }

  @Test func datesItsResponses() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/a"))
    try gateway.expect(.ok("x"), at: client)
    let date = String(decoding: client.received, as: UTF8.self).split(separator: "\r\n").first {
      $0.hasPrefix("Date: ")
    }
    #expect(date?.utf8.count == "Date: Tue, 28 Jul 2026 12:00:00 GMT".utf8.count)
    #expect(date?.hasSuffix(" GMT") == true)
  }

  @Test func requestsInOnePieceAreAnsweredInOrder() throws {
    let gateway = try TestGateway()
    for name in ["/a", "/b", "/c"] { gateway.on(name, answer: name) }
    let client = try gateway.client(.get("/a") + .get("/b") + .get("/c") + .get("/a"))
    try gateway.expect(.ok("/a") + .ok("/b") + .ok("/c") + .ok("/a"), at: client)
  }

  @Test func requestsInSinglePiecesOfOneByte() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "/a")
    let body = BodyRecorder()
    gateway.on("/b") { exchange in
      exchange.deliverBody(to: body)?.resume()
      body.onFinish = { exchange.send(.text(body.text)) }
      return .taken
    }
    let client = try gateway.connect()
    for byte in (.get("/a") + .post("/b", "Content-Length: 4\r\n", "body") + .get("/a")).utf8 {
      client.send([byte])
      try gateway.run(until: { client.hasSentAll })
    }
    try gateway.expect(.ok("/a") + .ok("body") + .ok("/a"), at: client)
  }

  /// The second request is here before the first one's answer: it waits, unseen by any stage.
  @Test func aLateAnswerHoldsUpTheNextRequest() throws {
    let gateway = try TestGateway()
    var first: Exchange?
    var others = 0
    gateway.on("/slow") { exchange in
      first = exchange
      return .taken
    }
    gateway.on("/fast") { _ in
      others += 1
      return .respond(.text("fast"))
    }
    let client = try gateway.client(.get("/slow") + .get("/fast"))
    try gateway.run(until: { first != nil })
    client.send(.get("/fast"))
    gateway.settle()
    #expect(others == 0)
    #expect(client.received.isEmpty)
    first?.send(.text("slow"))
    try gateway.expect(.ok("slow") + .ok("fast") + .ok("fast"), at: client)
    #expect(others == 2)
  }

  /// More than the connection holds back for later: it stops reading, and goes on where it has stopped.
  @Test func aFloodOfRequestsBehindASlowOne() throws {
    let gateway = try TestGateway()
    var first: Exchange?
    var count = 0
    gateway.on("/slow") { exchange in
      first = exchange
      return .taken
    }
    gateway.on("/next") { exchange in
      count += 1
      return .respond(.text("\(exchange.request.query?.text ?? "")"))
    }
    let client = try gateway.client(.get("/slow"))
    for number in 0..<8_000 { client.send(.get("/next?\(number)")) }
    try gateway.run(until: { first != nil })
    gateway.settle()
    #expect(count == 0)
    first?.send(.text("slow"))
    try gateway.run(until: { count == 8_000 })
    try gateway.expect(.ok("slow") + (0..<8_000).map { .ok("\($0)") }.joined(), at: client)
  }

  /// A stage that waits and one that does not, in turns: nothing recurses, nothing overtakes.
  @Test func parkedAndImmediateAnswersTakeTurns() throws {
    let gateway = try TestGateway()
    var parked: [Suspension<Verdict>] = []
    gateway.on("/parked") { _ in
      let suspension = Suspension<Verdict>()
      parked.append(suspension)
      return .suspended(suspension)
    }
    gateway.on("/now", answer: "now")
    let client = try gateway.client(.get("/parked") + .get("/now") + .get("/parked") + .get("/now"))
    for number in 1...2 {
      try gateway.run(until: { parked.count == number })
      parked[number - 1].resume(.respond(.text("parked \(number)")))
    }
    try gateway.expect(.ok("parked 1") + .ok("now") + .ok("parked 2") + .ok("now"), at: client)
  }

  struct Persistence: Sendable, CustomTestStringConvertible {
    let request: String
    let answer: String
    let closes: Bool
    var testDescription: String { request }
  }

  @Test(arguments: [
    Persistence(request: "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", answer: .ok("x"), closes: false),
    Persistence(
      request: "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", answer: .okAndClose("x"), closes: true),
    Persistence(
      request: "GET /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Close\r\n\r\n", answer: .okAndClose("x"),
      closes: true),
    Persistence(request: "GET /a HTTP/1.0\r\n\r\n", answer: .okAndClose("x"), closes: true),
    Persistence(
      request: "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      answer: "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", closes: false),
    Persistence(
      request: "GET /a HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", answer: .okAndClose("x"), closes: true),
  ])
  func persistence(_ example: Persistence) throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client(example.request)
    try gateway.expect(example.answer, at: client)
    if example.closes { try gateway.runUntilEnd(of: client) } else { gateway.settle() }
    #expect(client.end == (example.closes ? .closed : nil))
    client.send(example.request)
    if example.closes { gateway.settle() } else { try gateway.expect(example.answer + example.answer, at: client) }
    #expect(gateway.access.count == (example.closes ? 1 : 2))
  }

  /// Requests behind `Connection: close` are thrown away, and do not destroy the answer on its way.
  @Test func nothingIsServedBehindTheLastRequest() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/a", "Connection: close\r\n") + .get("/a"))
    try gateway.run(until: { gateway.access.count == 1 })
    client.send(.get("/a") + .get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .okAndClose("x"))
    #expect(client.end == .closed)
    #expect(gateway.access == ["GET /a 200"])
  }

  /// A client that ends its side right behind a request is answered when the answer is at hand.
  @Test func aClientThatHasFinishedSending() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/a"))
    client.finishSending()
    try gateway.runUntilEnd(of: client)
    #expect(client.text == .ok("x"))
    #expect(client.end == .closed)
  }

  @Test func pathsThatNobodyServes() throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client(.get("/b?token=secret") + .get("/a"))
    try gateway.run(until: { client.text.hasSuffix(.ok("x")) })
    #expect(client.text.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
    #expect(gateway.access == ["GET /b 404 not_found", "GET /a 200"])
  }

  @Test func informationalResponses() throws {
    let gateway = try TestGateway()
    gateway.on("/a") { exchange in
      let hint = ResponseHead(103)
      hint.fields.append("Link", "</style.css>")
      exchange.inform(hint)
      exchange.send(.text("x"))
      // Too late: the answer has been given.
      exchange.inform(hint)
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.expect("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + .ok("x"), at: client)
    // HTTP/1.0 knows no such thing (RFC 9110 §15.2).
    let old = try gateway.client("GET /a HTTP/1.0\r\n\r\n")
    try gateway.expect(.okAndClose("x"), at: old)
  }
}
