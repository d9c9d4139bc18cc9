import Bytes
import HTTP
import Testing

@testable import Wire

/// What a server makes of frames written by hand.
struct HTTP2SessionServerTests {
  @Test func thePrefaceAndWhatIsAnnounced() {
    let server = HTTP2Endpoint(.server, head: HeadLimits(headSize: 5_000), streams: 7)
    let frames = HTTP2Frame.read(server.output())
    #expect(frames.map(\.line) == ["SETTINGS", "WINDOW_UPDATE 0 \((1 << 20) - 65_535)"])
    let settings = frames[0].payload
    let values = stride(from: 0, to: settings.count, by: 6).map { offset in
      "\(settings[offset + 1]) \(frames[0].word(at: offset + 2))"
    }
    // MAX_HEADER_LIST_SIZE, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS.
    #expect(values == ["6 5000", "4 65535", "3 7"])
    server.receive(HTTP2Frame.preface + Send.settings())
    #expect(server.sent() == ["SETTINGS ack"])
  }

  @Test func whatIsNotThePrefaceEndsTheConnection() {
    let server = HTTP2Endpoint(.server)
    server.receive([UInt8]("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(server.session.isTerminated)
    #expect(server.sent().last == "GOAWAY 0 1")
    #expect(server.session.isOver)
  }

  @Test func paddingAndPiecesMakeNoDifference() {
    let server = HTTP2Endpoint.server()
    let section = HPACK.literal(Send.head("POST") + [("x", "y")])
    // Padded, with a priority, and continued.
    let flags = HTTP2Frame.padded | 0x20
    let head = HTTP2Frame(HTTP2Frame.Kind.headers, flags, 1, [2, 0, 0, 0, 0, 15] + section[..<20] + [0, 0])
    let rest = HTTP2Frame(HTTP2Frame.Kind.continuation, HTTP2Frame.endHeaders, 1, Array(section[20...]))
    let data = HTTP2Frame(
      HTTP2Frame.Kind.data, HTTP2Frame.padded | HTTP2Frame.endStream, 1, [3] + [UInt8]("hi".utf8) + [0, 0, 0])
    server.receive(head.bytes + rest.bytes + data.bytes)
    #expect(server.streams[0].lines == ["head POST / @a [x=y] unknown", "body hi", "end"])
  }

  // MARK: Heads that are refused

  @Test(
    arguments: [
      // Found by us.
      (Send.head("GET", "/é"), "fault 400 bad_request_target malformed"),
      (
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "u@a")],
        "fault 400 bad_authority malformed"
      ),
      (Send.head() + [("host", "b")], "fault 400 host_differs_from_authority malformed"),
    ] as [([Send.Field], String)])
  func aMalformedHeadResetsTheStream(_ fields: [Send.Field], _ line: String) {
    let server = HTTP2Endpoint.server()
    server.receive(Send.headers(1, fields))
    #expect(server.streams[0].lines == [line])
    #expect(server.sent() == ["RST_STREAM 1 1"])
    #expect(server.streams[0].lines.last == "closed PROTOCOL_ERROR")
    server.receive(Send.request(3))
    #expect(server.streams[1].lines == ["head GET / @a [] none"])
  }

  /// What the library finds first; the handler is told at the stream's end.
  @Test(arguments: [
    Send.head() + [("X", "1")], Send.head() + [("a", "x\r\ny")], Send.head() + [("a", " x")],
    Send.head() + [("a", "\0")], Send.head() + [(":method", "GET")], [("x", "1")] + Send.head(),
    Send.head() + [("connection", "close")], Send.head() + [("transfer-encoding", "chunked")],
    Send.head() + [("te", "gzip")], Send.head() + [("upgrade", "h2c")], Send.head() + [("content-length", "x")],
    Send.head() + [("content-length", "1"), ("content-length", "1")], Send.head() + [(":status", "200")],
    [(":method", "GET"), (":scheme", "https")], Send.head("CONNECT") + [(":protocol", "websocket")],
    Send.head("GET", ""),
    // A length without a body.
    Send.head() + [("content-length", "5")],
  ])
  func aHeadTheLibraryRefusesNeverArrives(_ fields: [Send.Field]) {
    let server = HTTP2Endpoint.server()
    server.receive(Send.headers(1, fields))
    #expect(server.streams[0].lines.isEmpty)
    #expect(server.sent() == ["RST_STREAM 1 1"])
    #expect(server.streams[0].lines == ["closed PROTOCOL_ERROR"])
    #expect(!server.session.isTerminated)
  }

  @Test func aRefusedHeadCanBeAnswered() {
    let server = HTTP2Endpoint.server(head: HeadLimits(headSize: 300))
    server.receive(Send.request(1, "POST", [("x", String(repeating: "y", count: 300))], ends: false))
    #expect(server.streams[0].lines == ["fault 431 head_too_large"])
    server.streams[0].stream?.respond(431)
    #expect(server.sent() == ["HEADERS 1 end"])
    server.receive(Send.data(1, "body", ends: true))
    #expect(server.streams[0].lines == ["fault 431 head_too_large", "body body", "end", "closed NO_ERROR"])
  }

  @Test(arguments: [("12345", true), ("123", true), ("1234567", true), ("123456", false)])
  func theLengthMustBeThatOfTheData(_ body: String, isWrong: Bool) {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1, "POST", [("content-length", "6")], ends: false) + Send.data(1, body, ends: true))
    #expect(server.sent().contains("RST_STREAM 1 1") == isWrong)
    #expect((server.streams[0].lines.last == "end") == !isWrong)
    #expect(!server.streams[0].lines.contains { $0.hasPrefix("end") && isWrong })
  }

  @Test func trailersThatAreNone() {
    let server = HTTP2Endpoint.server()
    // Not the end of the stream, a pseudo field, an invalid name.
    server.receive(Send.request(1, "POST", ends: false) + Send.headers(1, [("a", "1")], ends: false))
    server.receive(Send.request(3, "POST", ends: false) + Send.headers(3, [(":path", "/")]))
    server.receive(Send.request(5, "POST", ends: false) + Send.headers(5, [("A", "1")]))
    #expect(server.sent() == ["RST_STREAM 1 1", "RST_STREAM 3 1", "RST_STREAM 5 1"])
    for theirs in server.streams {
      #expect(theirs.lines == ["head POST / @a [] unknown", "closed PROTOCOL_ERROR"])
    }
  }

  @Test func trailersAreBounded() {
    let server = HTTP2Endpoint.server(head: HeadLimits(headSize: 500))
    let long = String(repeating: "x", count: 300)
    server.receive(
      Send.request(1, "POST", ends: false) + Send.headers(1, [("a", long), ("b", long), ("authorization", "c")]))
    #expect(server.streams[0].lines.last == "end a=\(long)")
  }

  // MARK: Order of streams

  @Test func anIdThatGoesBackwardsEndsTheConnection() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(5) + Send.request(3))
    #expect(server.streams.count == 1)
    #expect(server.session.isTerminated)
    #expect(server.sent().last == "GOAWAY 5 1")
  }

  @Test func framesForAStreamThatWeResetMayBeLate() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1, "POST", ends: false) + Send.request(3))
    server.streams[0].stream?.reset(.cancel)
    server.receive(Send.data(1, "late"))
    #expect(server.sent() == ["RST_STREAM 1 8"])
    server.receive(Send.data(1, "late") + Send.windowUpdate(1, 10) + Send.headers(1, [("t", "1")]) + Send.reset(1))
    #expect(server.sent() == [])
    #expect(server.streams[0].lines == ["head POST / @a [] unknown", "closed CANCEL"])
    #expect(server.session.openStreams == 1)
  }

  @Test func framesForAStreamThatTheClientResetAreAnError() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1, "POST", ends: false) + Send.reset(1) + Send.data(1, "more"))
    #expect(server.sent() == ["GOAWAY 1 5"])
    #expect(server.streams[0].lines == ["head POST / @a [] unknown", "closed CANCEL"])
  }

  /// A stream is refused before its client knows how many it may open; that it goes on is no fault of the client.
  @Test func aRefusedStreamMayHaveTrailersOnTheirWay() {
    let server = HTTP2Endpoint(.server, streams: 1)
    server.receive(HTTP2Frame.preface + Send.settings())
    server.receive(Send.request(1) + Send.request(3, "POST", ends: false))
    #expect(server.sent().contains("RST_STREAM 3 7"))
    server.streams[0].stream?.respond()
    _ = server.output()
    server.receive(Send.request(5) + Send.data(3, "late") + Send.headers(3, [("t", "1")]))
    #expect(server.streams.count == 2)
    #expect(!server.session.isTerminated)
    #expect(!server.sent().contains { $0.hasPrefix("GOAWAY") })
  }

  @Test func moreStreamsThanAllowedEndTheConnection() {
    let server = HTTP2Endpoint.server(streams: 2)
    server.receive(Send.request(1) + Send.request(3) + Send.request(5))
    #expect(server.streams.count == 2)
    #expect(server.sent() == ["GOAWAY 3 1"])
    #expect(server.session.isOver)
  }

  @Test func aStreamNobodyTakesIsRefused() {
    let server = HTTP2Endpoint.server()
    server.takesNone = true
    server.receive(Send.request(1, "POST", ends: false))
    #expect(server.session.openStreams == 0)
    // It is of no use to who has declined it.
    #expect(server.streams[0].stream?.write("x") == .wait)
    #expect(server.sent() == ["RST_STREAM 1 7"])
    #expect(server.streams[0].lines.isEmpty)
  }

  // MARK: Ending

  /// Behind GOAWAY that has not left yet the library would open the stream, and close it half processed.
  @Test func aStreamThatComesBeforeGoAwayHasLeftIsRefusedUnprocessed() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1))
    server.session.announceShutdown()
    server.session.refuseNewStreams()
    server.receive(Send.request(3))
    #expect(server.streams.count == 1)
    let sent = server.sent()
    #expect(sent.contains("GOAWAY 1 0") && sent.contains("RST_STREAM 3 7"))
    server.receive(Send.request(5))
    // The second announcement grants no more than the first.
    server.session.refuseNewStreams()
    #expect(server.sent() == ["GOAWAY 1 0"])
    #expect(server.streams.count == 1)
    server.streams[0].stream?.respond()
    #expect(server.sent() == ["HEADERS 1 end"])
    #expect(server.session.isOver)
  }

  @Test func aClientsGoAwayLetsStreamsFinish() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1) + Send.goAway(0))
    #expect(server.goAways == ["0 NO_ERROR"])
    #expect(server.session.hasReceivedGoAway && !server.session.isTerminated)
    server.streams[0].stream?.respond()
    #expect(server.sent() == ["HEADERS 1 end"])
    #expect(server.session.isOver)
  }

  @Test(
    arguments: [
      // A frame on the wrong stream, of the wrong size, too large, in the wrong place.
      (Send.data(0, "x"), 1), (HTTP2Frame(HTTP2Frame.Kind.ping, 0, 0, [1]).bytes, 6),
      (Send.data(1, [UInt8](repeating: 0, count: 16_385)), 6), (Send.data(9, "x"), 1),
      (Send.continuation(1, []), 1), (Send.windowUpdate(0, 0), 1), (Send.windowUpdate(0, 0x7FFF_FFFF), 3),
      (HTTP2Frame(HTTP2Frame.Kind.headers, HTTP2Frame.endHeaders, 3, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).bytes, 9),
      (Send.settings([(4, 0x8000_0000)]), 3), (Send.request(2), 1),
      (Send.headers(3, Send.head(), endsHeaders: false) + Send.ping, 1),
    ] as [([UInt8], Int)])
  func aConnectionError(_ frames: [UInt8], code: Int) {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1, "POST", ends: false) + frames)
    let last = server.sent().last ?? ""
    #expect(last.hasPrefix("GOAWAY ") && last.hasSuffix(" \(code)"), "\(last)")
    #expect(server.session.isOver)
    // What still comes is not looked at, and the stream is told when the connection goes.
    server.receive(Send.request(101))
    server.close()
    #expect(server.streams[0].closures == 1)
    #expect(server.output().isEmpty)
  }

  @Test func theFieldSectionUnderWayIsKnown() {
    let server = HTTP2Endpoint.server()
    server.now = 1_000
    server.receive(Send.headers(1, Send.head(), endsHeaders: false))
    #expect(server.session.fieldSectionSince == 1_000)
    server.now = 2_000
    server.receive(Send.continuation(1, []))
    #expect(server.session.fieldSectionSince == nil)
    #expect(server.streams[0].lines == ["head GET / @a [] none"])
  }
}
