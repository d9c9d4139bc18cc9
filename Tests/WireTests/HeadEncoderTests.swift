import Bytes
import HTTP
import Testing

@testable import Wire

struct HeadEncoderTests {
  private func request(_ text: String, _ length: BodyLength, change: (RequestHead) -> Void = { _ in }) throws -> String
  {
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = RequestHead()
    try [UInt8](text.utf8).lend { bytes in
      var input = bytes
      _ = try decoder.next(&input, head)
    }
    change(head)
    let output = ByteBuffer()
    HeadEncoder.write(head, length: length, to: output)
    return output.view.text
  }

  @Test(arguments: [
    ("GET", BodyLength.none, ""), ("DELETE", .none, ""), ("OPTIONS", .none, ""),
    // A method with a defined body says that there is none (RFC 9110 §8.6).
    ("POST", .none, "Content-Length: 0\r\n"), ("PUT", .none, "Content-Length: 0\r\n"),
    ("PATCH", .none, "Content-Length: 0\r\n"), ("POST", .known(7), "Content-Length: 7\r\n"),
    ("GET", .known(0), "Content-Length: 0\r\n"), ("POST", .unknown, "Transfer-Encoding: chunked\r\n"),
  ])
  func requestFraming(_ method: String, _ length: BodyLength, _ framing: String) throws {
    #expect(
      try request("\(method) /a?b HTTP/1.0\r\nHost: h\r\nX-y: z\r\n\r\n", length)
        == "\(method) /a?b HTTP/1.1\r\nHost: h\r\nX-y: z\r\n\(framing)\r\n")
  }

  /// Framing and hop-by-hop fields of the message as it came end here; everything else keeps its spelling and order.
  @Test func hopByHopFieldsEndHere() throws {
    let text =
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: a\r\nUpgrade: b\r\n"
      + "Proxy-Connection: c\r\nProxy-Authorization: d\r\nProxy-Authenticate: e\r\nContent-Length: 3\r\nACCEPT: f\r\n"
      + "accept: g\r\nContent-Type: h\r\n\r\n"
    #expect(
      try request(text, .known(3))
        == "POST / HTTP/1.1\r\nHost: h\r\nACCEPT: f\r\naccept: g\r\nContent-Type: h\r\nContent-Length: 3\r\n\r\n")
  }

  /// Lines that came as they are sent are copied together; all others are written anew, wherever they stand.
  @Test func linesInEveryForm() throws {
    let text = "GET / HTTP/1.1\r\nHost: h\r\nA:1\r\nB:  2\r\nC: 3 \r\nD: 4\r\nE: 5\r\nF:\r\nG: \r\nH: : \r\n\r\n"
    let block = FieldLineBlock([("I", [0x36]), ("J", [])])
    let written = try request(text, .none) { head in
      head.fields.remove(4)
      head.fields.append(block)
      head.fields.append("K", "7")
    }
    #expect(
      written == "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nC: 3\r\nE: 5\r\nF: \r\nG: \r\nH: :\r\nI: 6\r\nJ: \r\n"
        + "K: 7\r\n\r\n")
  }

  @Test func removedFieldsAndRewrittenPaths() throws {
    let text = "GET /a/b?c=d HTTP/1.1\r\nHost: h\r\nCookie: x\r\n\r\n"
    let written = try request(text, .none) { head in
      head.fields.removeAll(.cookie)
      head.fields.append("X-New", "1")
      [UInt8]("/p".utf8).lend { head.rewritePath($0, dropping: 2) }
    }
    #expect(written == "GET /p/b?c=d HTTP/1.1\r\nHost: h\r\nX-New: 1\r\n\r\n")
  }

  private func response(
    _ status: Int, _ fields: [(StaticString, StaticString)], _ framing: HeadEncoder.ResponseFraming,
    _ persistence: HeadEncoder.Persistence = .keepAlive, date: String? = nil
  ) -> String {
    let head = ResponseHead()
    for (name, value) in fields { head.fields.append(name, value) }
    let output = ByteBuffer()
    guard let date else {
      HeadEncoder.write(status: status, head.fields, framing, persistence, date: nil, to: output)
      return output.view.text
    }
    [UInt8](date.utf8).lend {
      HeadEncoder.write(status: status, head.fields, framing, persistence, date: $0, to: output)
    }
    return output.view.text
  }

  @Test(arguments: [
    (200, HeadEncoder.ResponseFraming.length(5), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    (200, .length(0), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    (200, .chunked, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (200, .untilClose, "HTTP/1.1 200 OK\r\n\r\n"),
    (204, .bodiless(announcing: nil), "HTTP/1.1 204 No Content\r\n\r\n"),
    (304, .bodiless(announcing: 7), "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"),
    (299, .length(0), "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n"),
  ])
  func responseFraming(_ status: Int, _ framing: HeadEncoder.ResponseFraming, _ expected: String) {
    #expect(response(status, [], framing) == expected)
  }

  @Test func persistence() {
    #expect(!response(200, [], .length(0), .keepAlive).contains("Connection"))
    #expect(response(200, [], .length(0), .close).contains("\r\nConnection: close\r\n"))
    #expect(response(200, [], .length(0), .keepAliveForHTTP10).contains("\r\nConnection: keep-alive\r\n"))
    // What the backend said about its own connection is not passed on.
    #expect(!response(200, [("Connection", "close"), ("Keep-Alive", "x")], .length(0)).contains("close"))
  }

  @Test func theBackendsDateStays() {
    #expect(response(200, [("Date", "then")], .length(0), date: "now").contains("Date: then\r\n"))
    #expect(!response(200, [("Date", "then")], .length(0), date: "now").contains("now"))
    #expect(response(200, [], .length(0), date: "now").contains("\r\nDate: now\r\n"))
  }

  @Test func informational() {
    let output = ByteBuffer()
    HeadEncoder.write(informational: 100, nil, to: output)
    let fields = Fields()
    fields.append("Link", "</a>")
    fields.append("Connection", "x")
    HeadEncoder.write(informational: 103, fields, to: output)
    #expect(output.view.text == "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
  }

  /// What the encoder writes is what the decoder reads.
  @Test func aWrittenHeadIsReadAgain() throws {
    let text = "POST /a%20b?c=%2e HTTP/1.1\r\nHost: h:1\r\nX: y z\r\nE: \r\n\r\n"
    let written = try request(text, .known(2))
    #expect(
      Requests.read(Pieces.whole(written + "hi")) == [
        "head POST /a%20b?c=%2e @h:1 1.1 [Host=h:1|X=y z|E=|Content-Length=2] 2", "body hi", "end",
      ])
  }
}
