import Bytes
import HTTP
import Testing

@testable import Wire

struct ResponseDecoderTests {
  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ["head 200 [Content-Length=2] 2", "body hi", "end", "clean"]),
    ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ["head 200 [Content-Length=0] none", "end", "clean"]),
    ("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", ["head 200 [Content-Length=0] none", "end", "clean"]),
    ("HTTP/1.1 299 Très bien\t!\r\nContent-Length: 0\r\n\r\n", ["head 299 [Content-Length=0] none", "end", "clean"]),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
      ["head 200 [Transfer-Encoding=chunked] unknown", "body abcde", "end T=1", "clean"]
    ),
    // The end of the connection ends the body, also of HTTP/1.0 and with nothing in it.
    ("HTTP/1.1 200 OK\r\n\r\nabc", ["head 200 [] unknown", "body abc", "clean"]),
    ("HTTP/1.0 200 OK\r\n\r\nabc", ["head 200 [] unknown", "body abc", "clean"]),
    ("HTTP/1.1 500 X\r\n\r\n", ["head 500 [] unknown", "clean"]),
    ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", ["head 200 [Content-Length=1] 1", "body a", "end", "clean"]),
    // Statuses without a body, whatever they announce.
    ("HTTP/1.1 204 No Content\r\n\r\n", ["head 204 [] none", "end", "clean"]),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ["head 204 [Content-Length=5] none", "end", "clean"]),
    (
      "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
      ["head 304 [Transfer-Encoding=chunked] none", "end", "clean"]
    ),
    // Informational responses come before the final one.
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
      [
        "informational 100 []", "informational 103 [Link=</a>]", "head 200 [Content-Length=1] 1", "body a", "end",
        "clean",
      ]
    ),
    // Endings before their time.
    ("", ["truncated"]),
    ("HTTP/1.1 20", ["truncated"]),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", ["truncated"]),
    ("HTTP/1.1 100 Continue\r\n\r\n", ["informational 100 []", "truncated"]),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ["head 200 [Content-Length=5] 5", "truncated"]),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", ["head 200 [Content-Length=5] 5", "body hell", "truncated"]),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      ["head 200 [Transfer-Encoding=chunked] unknown", "body hello", "truncated"]
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
      ["head 200 [Transfer-Encoding=chunked] unknown", "body hello", "truncated"]
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: 1\r\n",
      ["head 200 [Transfer-Encoding=chunked] unknown", "truncated"]
    ),
  ])
  func answersToGet(_ input: String, _ expected: [String]) {
    Pieces.expectSame(input, expected) { Responses.read($0, to: [.get]) }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "head 200 [Content-Length=9] none"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "head 200 [Transfer-Encoding=chunked] none"),
    ("HTTP/1.1 200 OK\r\n\r\n", "head 200 [] none"),
  ])
  func answersToHeadHaveNoBody(_ input: String, _ head: String) {
    Pieces.expectSame(input, [head, "end", "clean"]) { Responses.read($0, to: [.head]) }
  }

  @Test func oneAnswerFollowsTheOther() {
    let input =
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\nrest"
    Pieces.expectSame(
      input,
      [
        "head 200 [Content-Length=9] none", "end", "head 201 [Content-Length=1] 1", "body a", "end",
        "head 200 [] unknown", "body rest", "clean",
      ]
    ) { Responses.read($0, to: [.head, .post, .get]) }
  }

  @Test(arguments: [
    ("HTTP/1.1 99 X", "bad_status_line"), ("HTTP/1.1 600 X", "bad_status_line"), ("HTTP/1.1 000 X", "bad_status_line"),
    ("HTTP/1.1 20 OK", "bad_status_line"), ("HTTP/1.1 2000 OK", "bad_status_line"),
    ("HTTP/1.1 2x0 OK", "bad_status_line"), ("HTTP/1.1  200 OK", "bad_status_line"),
    ("HTTP/1.1\t200 OK", "bad_status_line"), ("HTTP/1.1 200\tOK", "bad_status_line"),
    ("HTTP/1.1 -20 OK", "bad_status_line"), ("HTTP/1.1", "bad_status_line"), ("HTTP/1.1 ", "bad_status_line"),
    ("HTTP/1.2 200 OK", "bad_status_line"), ("HTTP/2.0 200 OK", "bad_status_line"),
    ("HTTP/2 200", "bad_status_line"), ("http/1.1 200 OK", "bad_status_line"), ("ICY 200 OK", "bad_status_line"),
    ("<html>", "bad_start_line"), ("{\"a\":1}", "bad_start_line"), (" HTTP/1.1 200 OK", "bad_start_line"),
    ("HTTP/1.1 200 O\u{0}K", "bad_start_line"), ("HTTP/1.1 200 O\u{7F}K", "bad_start_line"),
    ("HTTP/1.1 200 O\rK", "bad_status_line"), ("HTTP/1.1 200\r", "bad_status_line"),
    ("HTTP/1.1 200 OK\nX: y", "bare_line_feed"),
    ("HTTP/1.1 200 OK\r\nX : y", "space_before_colon"), ("HTTP/1.1 200 OK\r\nX", "field_without_colon"),
    ("HTTP/1.1 200 OK\r\n X: y", "obsolete_line_folding"), ("HTTP/1.1 200 OK\r\nX: y\r\n z", "obsolete_line_folding"),
    ("HTTP/1.1 200 OK\r\nX: a\rb", "bad_field_value"), ("HTTP/1.1 200 OK\r\nX(: y", "bad_field_name"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1", "bad_content_length"),
    ("HTTP/1.1 200 OK\r\nContent-Length: -1", "bad_content_length"),
    ("HTTP/1.1 204 No Content\r\nContent-Length: x", "bad_content_length"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1", "repeated_content_length"),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", "transfer_encoding_with_content_length"
    ),
    ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", "transfer_encoding_in_http_1_0"),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "repeated_transfer_encoding"
    ),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked", "bad_transfer_encoding"),
    ("HTTP/1.1 101 Switching Protocols", "unexpected_protocol_switch"),
  ])
  func refused(_ head: String, _ reason: String) {
    Pieces.expectSame("\(head)\r\n\r\n", ["fault 400 \(reason)"]) { Responses.read($0, to: [.get]) }
  }

  @Test func anUnknownCodingIsNotImplemented() {
    Pieces.expectSame(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ["fault 501 unknown_transfer_coding"]
    ) {
      Responses.read($0, to: [.get])
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", ["head 200 [Content-Length=1] 1", "body a", "end"]),
    ("HTTP/1.1 204 No Content\r\n\r\nab", ["head 204 [] none", "end"]),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      ["head 200 [Content-Length=0] none", "end"]
    ),
  ])
  func bytesNobodyAskedFor(_ input: String, _ before: [String]) {
    Pieces.expectSame(input, before + ["fault 400 unexpected_bytes"]) { Responses.read($0, to: [.get]) }
  }

  @Test func informationalResponsesAreCounted() {
    let one = "HTTP/1.1 102 Processing\r\n\r\n"
    let final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    let allowed = Responses.read(Pieces.whole(String(repeating: one, count: 16) + final), to: [.get])
    #expect(allowed.suffix(3) == ["head 200 [Content-Length=0] none", "end", "clean"])
    let refused = Responses.read(Pieces.whole(String(repeating: one, count: 17) + final), to: [.get])
    #expect(refused.last == "fault 400 too_many_informational")
  }

  @Test func theHeadMayFillItsLimitToTheLastByte() {
    let limits = HeadLimits(headSize: 100, targetSize: 50, fieldCount: 5)
    func input(_ size: Int) -> String {
      let rest = "HTTP/1.1 204 X\r\nX: \r\n\r\n".utf8.count
      return "HTTP/1.1 204 X\r\nX: \(String(repeating: "x", count: size - rest))\r\n\r\n"
    }
    Pieces.expectSame(input(100)) { Responses.read($0, to: [.get], limits) }
    #expect(Responses.read(Pieces.whole(input(100)), to: [.get], limits).last == "clean")
    Pieces.expectSame(input(101), ["fault 431 head_too_large"]) { Responses.read($0, to: [.get], limits) }
  }

  @Test func nothingIsTruncatedBetweenResponses() {
    var decoder = ResponseDecoder(limits: HeadLimits())
    #expect(decoder.ending == .clean)
    decoder.expectResponse(to: .get)
    #expect(decoder.ending == .truncated)
  }
}
