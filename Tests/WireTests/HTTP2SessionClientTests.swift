import Bytes
import HTTP
import Testing

@testable import Wire

/// What a client sends, and what it makes of frames written by hand.
struct HTTP2SessionClientTests {
  private func response(_ stream: UInt32, _ status: String = "200", _ more: [Send.Field] = [], ends: Bool = true)
    -> [UInt8]
  {
    Send.headers(stream, [(":status", status)] + more, ends: ends)
  }

  @Test func thePrefaceComesFirst() {
    let client = HTTP2Endpoint(.client)
    let bytes = client.output()
    #expect(bytes.starts(with: HTTP2Frame.preface))
    #expect(HTTP2Frame.read(bytes).map(\.line) == ["SETTINGS", "WINDOW_UPDATE 0 \((1 << 20) - 65_535)"])
    // ENABLE_PUSH 0.
    #expect(HTTP2Frame.read(bytes)[0].payload.suffix(6) == [0, 2, 0, 0, 0, 0])
  }

  @Test func thePeersStreamLimitIsKept() {
    let client = HTTP2Endpoint.client(settings: [(3, 2)])
    #expect(client.session.peerStreamLimit == 2)
    for _ in 0..<3 { _ = client.request() }
    #expect(client.sent() == ["HEADERS 1 end", "HEADERS 3 end"])
    client.receive(response(3))
    #expect(client.sent() == ["HEADERS 5 end"])
    client.receive(Send.settings([(3, 0)]))
    #expect(client.session.peerStreamLimit == 0)
  }

  @Test func oneThatWaitsForItsTurnCanBeCancelled() {
    let client = HTTP2Endpoint.client(settings: [(3, 1)])
    let (first, second, third) = (client.request(), client.request("POST", "/", hasBody: true), client.request())
    #expect(client.sent() == ["HEADERS 1 end"])
    second.stream?.reset(.cancel)
    client.receive(response(1))
    #expect(client.sent() == ["HEADERS 5 end"])
    #expect(first.lines.last == "closed NO_ERROR")
    #expect(second.lines == ["closed CANCEL"])
    #expect(third.lines.isEmpty)
  }

  /// The peer would take RST_STREAM on a stream it has never seen for a connection error.
  @Test func aRequestCancelledTwiceBeforeItLeavesSendsNothing() {
    let client = HTTP2Endpoint.client()
    let mine = client.request("POST", "/", hasBody: true)
    _ = mine.stream?.write("body")
    mine.stream?.reset(.cancel)
    mine.stream?.reset(.internalError)
    #expect(client.sent() == [])
    #expect(mine.lines == ["closed CANCEL"])
  }

  @Test(
    arguments: [
      ([(":status", "101")], "fault 400 bad_status malformed"),
      ([(":status", "200"), ("a", "x"), ("b", "y"), ("c", "z")], "fault 400 too_many_fields malformed"),
      ([(":status", "200"), ("x", String(repeating: "x", count: 2_000))], "fault 400 head_too_large malformed"),
    ] as [([Send.Field], String)])
  func aMalformedResponseResetsTheStream(_ fields: [Send.Field], _ line: String) {
    let client = HTTP2Endpoint.client(head: HeadLimits(headSize: 1_000, fieldCount: 2))
    let mine = client.request()
    _ = client.output()
    client.receive(Send.headers(1, fields, ends: false))
    if mine.lines.isEmpty {
      // The library was first.
      #expect(client.sent() == ["RST_STREAM 1 1"])
      #expect(mine.lines == ["closed PROTOCOL_ERROR"])
    } else {
      #expect(mine.lines == [line])
      #expect(client.sent() == ["RST_STREAM 1 1"])
      #expect(mine.lines == [line, "closed PROTOCOL_ERROR"])
    }
  }

  @Test func anInformationalResponseCannotEndTheStream() {
    let client = HTTP2Endpoint.client()
    let mine = client.request()
    _ = client.output()
    client.receive(response(1, "103"))
    #expect(client.sent() == ["RST_STREAM 1 1"])
    #expect(mine.closures == 1)
    #expect(!mine.lines.contains { $0.hasPrefix("head") || $0.hasPrefix("informational") })
  }

  @Test func aResponseToHeadHasALengthAndNoBody() {
    let client = HTTP2Endpoint.client()
    let mine = client.request("HEAD")
    _ = client.output()
    client.receive(response(1, "200", [("content-length", "1000")]))
    #expect(mine.lines == ["head 200 [content-length=1000] none", "end", "closed NO_ERROR"])
  }

  @Test(arguments: ["12345", "123", "1234567"])
  func theLengthMustBeThatOfTheData(_ body: String) {
    let client = HTTP2Endpoint.client()
    let mine = client.request()
    _ = client.output()
    client.receive(response(1, "200", [("content-length", "6")], ends: false) + Send.data(1, body, ends: true))
    #expect(client.sent().contains("RST_STREAM 1 1"))
    #expect(mine.lines.last == "closed PROTOCOL_ERROR")
    #expect(!mine.lines.contains("end"))
  }

  @Test func goAwayEndsWhatWasNotProcessed() {
    let client = HTTP2Endpoint.client()
    let mine = (0..<3).map { _ in client.request("POST", "/", hasBody: true) }
    _ = client.output()
    let unsent = client.request()
    client.receive(Send.goAway(1))
    #expect(client.goAways == ["1 NO_ERROR"])
    #expect(client.session.hasReceivedGoAway)
    #expect(mine.map(\.lines) == [[], ["closed REFUSED_STREAM"], ["closed REFUSED_STREAM"]])
    #expect(client.sent() == [])
    #expect(unsent.lines == ["closed REFUSED_STREAM"])
    // What is under way goes on to its end.
    _ = mine[0].stream?.write("x")
    mine[0].stream?.finish(nil)
    #expect(client.sent() == ["DATA 1 1 end"])
    client.receive(response(1))
    #expect(mine[0].lines.last == "closed NO_ERROR")
    #expect(client.session.isOver)
  }

  @Test func aResetByTheServer() {
    let client = HTTP2Endpoint.client()
    let mine = client.request("POST", "/", hasBody: true)
    _ = mine.stream?.write(String(repeating: "x", count: 200_000))
    _ = client.output()
    client.receive(response(1, "200", ends: false) + Send.data(1, "part") + Send.reset(1, 2))
    #expect(mine.lines == ["head 200 [] unknown", "body part", "closed INTERNAL_ERROR"])
    #expect(mine.stream?.write("x") == .wait)
    #expect(client.sent() == [])
  }

  @Test func aPushIsAConnectionError() {
    let client = HTTP2Endpoint.client()
    _ = client.request()
    _ = client.output()
    client.receive(HTTP2Frame(5, HTTP2Frame.endHeaders, 1, HTTP2Frame.word(2) + HPACK.literal(Send.head())).bytes)
    #expect(client.sent().last == "GOAWAY 0 1")
  }

  @Test func aServerThatFloodsIsCutOffToo() {
    let client = HTTP2Endpoint.client()
    let mine = client.request()
    _ = client.output()
    for _ in 0..<101 { client.receive(Send.ping) }
    #expect(client.causes == [.pings])
    #expect(client.sent().last == "GOAWAY 0 11")
    client.close()
    #expect(mine.lines == ["closed CANCEL"])
  }
}
