import Bytes
import HTTP
import Testing

@testable import Wire

struct RequestDecoderTests {
  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["head GET / @a 1.1 [Host=a] none", "end"]),
    (
      "GET /a/b?x=1&y=%20?/ HTTP/1.1\r\nHost: a:80\r\n\r\n",
      ["head GET /a/b?x=1&y=%20?/ @a:80 1.1 [Host=a:80] none", "end"]
    ),
    ("GET /? HTTP/1.1\r\nHost:\r\n\r\n", ["head GET /? @ 1.1 [Host=] none", "end"]),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ["head OPTIONS * @a 1.1 [Host=a] none", "end"]),
    ("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", ["head M-SEARCH / @a 1.1 [Host=a] none", "end"]),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", ["head get / @a 1.1 [Host=a] none", "end"]),
    // HTTP/1.0 needs no Host.
    ("GET / HTTP/1.0\r\n\r\n", ["head GET / @- 1.0 [] none", "end"]),
    (
      "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
      ["head POST / @- 1.0 [Connection=keep-alive|Content-Length=2] 2", "body hi", "end"]
    ),
    // An absolute-form target wins over Host (RFC 9112 §3.2.2).
    ("GET http://b:8/p?q HTTP/1.1\r\nHost: a\r\n\r\n", ["head GET /p?q @b:8 1.1 [Host=a] none", "end"]),
    ("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", ["head GET / @b 1.1 [Host=a] none", "end"]),
    ("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n", ["head GET /?q @b 1.1 [Host=a] none", "end"]),
    ("GET HTTPS://b/p HTTP/1.1\r\nHost: a\r\n\r\n", ["head GET /p @b 1.1 [Host=a] none", "end"]),
    ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ["head GET / @[::1]:80 1.1 [Host=[::1]:80] none", "end"]),
    // White space around a value is no part of it; inside it stays.
    (
      "GET / HTTP/1.1\r\nHost:a\r\nX: \t b \t c\t \r\nY:\r\n\r\n",
      ["head GET / @a 1.1 [Host=a|X=b \t c|Y=] none", "end"]
    ),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: é\u{80}\r\n\r\n", ["head GET / @a 1.1 [Host=a|X=é\u{80}] none", "end"]),
    // One empty line before the start line (RFC 9112 §2.2).
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["head GET / @a 1.1 [Host=a] none", "end"]),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
      ["head POST / @a 1.1 [Host=a|Content-Length=0] none", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      ["head POST / @a 1.1 [Host=a|Content-Length=5] 5", "body hello", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n\r\n\r\nabc",
      ["head POST / @a 1.1 [Host=a|Content-Length=007] 7", "body \r\n\r\nabc", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChunKed\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      ["head POST / @a 1.1 [Host=a|Transfer-Encoding=ChunKed] unknown", "body hello", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00a;n=\"v\\\"\";m\r\n0123456789\r\nB;\t\r\nabcdefghijk\r\n000\r\n\r\n",
      ["head POST / @a 1.1 [Host=a|Transfer-Encoding=chunked] unknown", "body 0123456789abcdefghijk", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\nContent-Length: 9\r\n\r\n",
      ["head POST / @a 1.1 [Host=a|Transfer-Encoding=chunked] unknown", "end Digest=x"]
    ),
    // What frames or authenticates a message is dropped from the trailers.
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: x\r\nHost: b\r\n\r\n",
      ["head POST / @a 1.1 [Host=a|Transfer-Encoding=chunked] unknown", "end"]
    ),
  ])
  func valid(_ input: String, _ expected: [String]) {
    Pieces.expectSame(input, expected) { Requests.read($0) }
  }

  @Test func pipelinedRequestsComeInTheirOrder() {
    let input =
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n"
      + "POST /3 HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nyo\r\n0\r\nT: 1\r\n\r\n"
      + "GET /4 HTTP/1.1\r\nHost: d\r\n\r\nGET /5"
    let expected = [
      "head POST /1 @a 1.1 [Host=a|Content-Length=2] 2", "body hi", "end",
      "head GET /2 @b 1.1 [Host=b] none", "end",
      "head POST /3 @c 1.1 [Host=c|Transfer-Encoding=chunked] unknown", "body yo", "end T=1",
      "head GET /4 @d 1.1 [Host=d] none", "end", "inside head",
    ]
    Pieces.expectSame(input, expected) { Requests.read($0) }
  }

  /// Bytes that would be a request of their own stay the body they are.
  @Test func aBodyIsNeverReadAsARequest() {
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    let input = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(hidden.utf8.count)\r\n\r\n\(hidden)"
    Pieces.expectSame(
      input,
      ["head POST / @a 1.1 [Host=a|Content-Length=\(hidden.utf8.count)] \(hidden.utf8.count)", "body \(hidden)", "end"]
    ) { Requests.read($0) }
  }

  @Test(arguments: [
    ("GET", 400, "bad_request_line"),
    ("GET ", 400, "bad_request_target"),
    ("GET /", 400, "bad_request_target"),
    ("GET / ", 400, "bad_request_line"),
    ("GET  / HTTP/1.1", 400, "bad_request_target"),
    ("GET\t/ HTTP/1.1", 400, "bad_request_line"),
    ("GET /\tHTTP/1.1", 400, "bad_request_target"),
    ("GET /  HTTP/1.1", 400, "bad_request_line"),
    ("GET / HTTP/1.1 ", 400, "bad_request_line"),
    ("GET / x HTTP/1.1", 400, "bad_request_line"),
    ("GET / HTTP/1.10", 400, "bad_request_line"),
    ("GET / HTTP/11", 400, "bad_request_line"),
    ("GET / HTTP/1.", 400, "bad_request_line"),
    ("GET / HTTP/.1", 400, "bad_request_line"),
    ("GET / HTTP/1,1", 400, "bad_request_line"),
    ("GET / http/1.1", 400, "bad_request_line"),
    ("GET / HTTPS/1.1", 400, "bad_request_line"),
    ("GET / HTTP/ 1.1", 400, "bad_request_line"),
    ("GET / HTTP/a.b", 400, "bad_request_line"),
    ("GET / 1.1", 400, "bad_request_line"),
    ("GET / HTTP/1.1\r", 400, "bad_request_line"),
    ("GET / HTTP/1.2", 505, "version_not_supported"),
    ("GET / HTTP/0.9", 505, "version_not_supported"),
    ("GET / HTTP/3.0", 505, "version_not_supported"),
    ("PRI * HTTP/2.0", 505, "version_not_supported"),
    (" GET / HTTP/1.1", 400, "bad_start_line"),
    ("\tGET / HTTP/1.1", 400, "bad_start_line"),
    ("\u{0}GET / HTTP/1.1", 400, "bad_start_line"),
    ("\u{16}\u{3}\u{1}\u{2}", 400, "bad_start_line"),
    ("GET / HTTP/1.1\u{0}", 400, "bad_start_line"),
    ("GET /\u{1} HTTP/1.1", 400, "bad_start_line"),
    ("GET /\u{7F} HTTP/1.1", 400, "bad_start_line"),
    ("(GET / HTTP/1.1", 400, "bad_start_line"),
    ("\"GET\" / HTTP/1.1", 400, "bad_start_line"),
    ("é / HTTP/1.1", 400, "bad_start_line"),
    ("GE(T / HTTP/1.1", 400, "bad_request_line"),
    ("GET: / HTTP/1.1", 400, "bad_request_line"),
    ("GET, / HTTP/1.1", 400, "bad_request_line"),
    ("GET@ / HTTP/1.1", 400, "bad_request_line"),
    ("GÉT / HTTP/1.1", 400, "bad_request_line"),
    ("GET\r / HTTP/1.1", 400, "bad_request_line"),
    ("GET /\r HTTP/1.1", 400, "bad_request_target"),
    ("GET / \rHTTP/1.1", 400, "bad_request_line"),
    // Two empty lines before the start line are one too many.
    ("\r\n\r\nGET / HTTP/1.1", 400, "bad_request_line"),
    // The forms of the target.
    ("CONNECT a:443 HTTP/1.1", 501, "connect_not_supported"),
    ("CONNECT / HTTP/1.1", 501, "connect_not_supported"),
    ("GET a HTTP/1.1", 400, "bad_request_target"),
    ("GET a:80 HTTP/1.1", 400, "bad_request_target"),
    ("GET * HTTP/1.1", 400, "bad_request_target"),
    ("OPTIONS ** HTTP/1.1", 400, "bad_request_target"),
    ("OPTIONS *? HTTP/1.1", 400, "bad_request_target"),
    ("GET ?a HTTP/1.1", 400, "bad_request_target"),
    ("GET http:/a HTTP/1.1", 400, "bad_request_target"),
    ("GET http:// HTTP/1.1", 400, "bad_request_target"),
    ("GET http:///a HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a#b HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a?b#c HTTP/1.1", 400, "fragment_in_target"),
    ("GET http://?a HTTP/1.1", 400, "bad_request_target"),
    ("GET ftp://a/b HTTP/1.1", 400, "bad_request_target"),
    ("GET ws://a/b HTTP/1.1", 400, "bad_request_target"),
    ("GET http://user@a/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://user:pw@a/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a:b/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a:/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://:80/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a:123456/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://[::1/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://[g::]/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://[]/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a%2e/ HTTP/1.1", 400, "bad_request_target"),
    ("GET http://a/../b HTTP/1.1", 400, "dot_segment_in_target"),
    ("GET http://a/%zz HTTP/1.1", 400, "bad_percent_encoding"),
    ("GET /é HTTP/1.1", 400, "bad_request_target"),
    ("GET /a?é HTTP/1.1", 400, "bad_request_target"),
    ("GET /a#b HTTP/1.1", 400, "bad_request_target"),
    ("GET /a?b#c HTTP/1.1", 400, "fragment_in_target"),
  ])
  func refusedStartLine(_ line: String, _ status: Int, _ reason: String) {
    Pieces.expectSame("\(line)\r\nHost: a\r\n\r\n", Requests.refusal(status, reason)) { Requests.read($0) }
  }

  @Test(arguments: [
    ("Host: a\r\nX: a\r\n b", 400, "obsolete_line_folding"),
    ("Host: a\r\nX: a\r\n\tb", 400, "obsolete_line_folding"),
    ("Host: a\r\nX: a\r\n ", 400, "obsolete_line_folding"),
    (" Host: a", 400, "obsolete_line_folding"),
    ("Host : a", 400, "space_before_colon"),
    ("Host\t: a", 400, "space_before_colon"),
    ("Host: a\r\nTransfer-Encoding : chunked", 400, "space_before_colon"),
    ("Host: a\r\nContent-Length\t: 3", 400, "space_before_colon"),
    ("Host: a\r\nX Y: a", 400, "space_before_colon"),
    ("Host: a\r\nX", 400, "field_without_colon"),
    ("Host: a\r\n: b", 400, "bad_field_name"),
    ("Host: a\r\nX(: b", 400, "bad_field_name"),
    ("Host: a\r\nX\": b", 400, "bad_field_name"),
    ("Host: a\r\nX/: b", 400, "bad_field_name"),
    ("Host: a\r\nX;: b", 400, "bad_field_name"),
    ("Host: a\r\nX{}: b", 400, "bad_field_name"),
    ("Host: a\r\nX=Y: b", 400, "bad_field_name"),
    ("Host: a\r\nX@: b", 400, "bad_field_name"),
    ("Host: a\r\nX\\: b", 400, "bad_field_name"),
    ("Host: a\r\nX[1]: b", 400, "bad_field_name"),
    ("Host: a\r\nÜ: b", 400, "bad_field_name"),
    ("Host: a\r\nX\u{0}: b", 400, "bad_field_name"),
    ("Host: a\r\nX\u{7F}: b", 400, "bad_field_name"),
    ("Host: a\r\nX\u{1F}: b", 400, "bad_field_name"),
    ("Host: a\r\nX\r: b", 400, "bad_field_name"),
    ("Host: a\r\nX: a\u{0}", 400, "bad_field_value"),
    ("Host: a\r\nX: \u{1}", 400, "bad_field_value"),
    ("Host: a\r\nX: a\u{8}b", 400, "bad_field_value"),
    ("Host: a\r\nX: a\u{B}b", 400, "bad_field_value"),
    ("Host: a\r\nX: a\u{C}b", 400, "bad_field_value"),
    ("Host: a\r\nX: a\u{1B}[2Jb", 400, "bad_field_value"),
    ("Host: a\r\nX: a\u{7F}b", 400, "bad_field_value"),
    ("Host: a\r\nX: 0123456789\u{1F}abcdef", 400, "bad_field_value"),
    ("Host: a\r\nX: 01234567\u{7F}", 400, "bad_field_value"),
    ("Host: a\r\nX: a\rb", 400, "bad_field_value"),
    ("Host: a\r\nX: a\r", 400, "bad_field_value"),
    ("Host: a\r\n\rX: a", 400, "bad_field_name"),
    // A bare line feed ends nothing.
    ("Host: a\nX: b", 400, "bare_line_feed"),
    ("Host: a\r\n\nX: b", 400, "bare_line_feed"),
    ("Host: a\r\nX: b\n", 400, "bare_line_feed"),
    // Host (RFC 9112 §3.2).
    ("X: a", 400, "host_missing"),
    ("Host: a\r\nHost: a", 400, "repeated_host"),
    ("Host: a\r\nhost: b", 400, "repeated_host"),
    ("Host: a b", 400, "bad_host"),
    ("Host: a,b", 400, "bad_host"),
    ("Host: a/b", 400, "bad_host"),
    ("Host: u@a", 400, "bad_host"),
    ("Host: a#b", 400, "bad_host"),
    ("Host: a?b", 400, "bad_host"),
    ("Host: a\\b", 400, "bad_host"),
    ("Host: a:", 400, "bad_host"),
    ("Host: a:b", 400, "bad_host"),
    ("Host: a:8 0", 400, "bad_host"),
    ("Host: a:123456", 400, "bad_host"),
    ("Host: a:1:2", 400, "bad_host"),
    ("Host: :80", 400, "bad_host"),
    ("Host: ::1", 400, "bad_host"),
    ("Host: [::1", 400, "bad_host"),
    ("Host: [::1]x", 400, "bad_host"),
    ("Host: []", 400, "bad_host"),
    ("Host: [fe80::1%eth0]", 400, "bad_host"),
    ("Host: ü", 400, "bad_host"),
    // The length of the body (RFC 9112 §6.3).
    ("Host: a\r\nContent-Length:", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: +1", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: -1", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 1 1", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 1, 1", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 1,2", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 0x1", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 1.0", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 1e3", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: \"1\"", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: １", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 9223372036854775808", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 18446744073709551617", 400, "bad_content_length"),
    ("Host: a\r\nContent-Length: 1\r\nContent-Length: 1", 400, "repeated_content_length"),
    ("Host: a\r\nContent-Length: 1\r\ncontent-length: 2", 400, "repeated_content_length"),
    ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1", 400, "transfer_encoding_with_content_length"),
    ("Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked", 400, "transfer_encoding_with_content_length"),
    ("Host: a\r\nContent-Length: x\r\nTransfer-Encoding: y", 400, "transfer_encoding_with_content_length"),
    ("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "repeated_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip", 400, "repeated_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding:", 400, "bad_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: ,chunked", 400, "bad_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: chunked,", 400, "bad_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: chunked, chunked", 400, "bad_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: chunked chunked", 400, "bad_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: \"chunked\"", 400, "bad_transfer_encoding"),
    ("Host: a\r\nTransfer-Encoding: gzip", 501, "unknown_transfer_coding"),
    ("Host: a\r\nTransfer-Encoding: gzip, chunked", 501, "unknown_transfer_coding"),
    ("Host: a\r\nTransfer-Encoding: chunked, gzip", 501, "unknown_transfer_coding"),
    ("Host: a\r\nTransfer-Encoding: identity", 501, "unknown_transfer_coding"),
    ("Host: a\r\nTransfer-Encoding: xchunked", 501, "unknown_transfer_coding"),
    ("Host: a\r\nTransfer-Encoding: chunked;q=1", 501, "unknown_transfer_coding"),
  ])
  func refusedFields(_ fields: String, _ status: Int, _ reason: String) {
    Pieces.expectSame("POST / HTTP/1.1\r\n\(fields)\r\n\r\nbody", Requests.refusal(status, reason)) {
      Requests.read($0)
    }
  }

  @Test func theChunkedCodingIsNotKnownToHTTP10() {
    Pieces.expectSame(
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      Requests.refusal(400, "transfer_encoding_in_http_1_0")
    ) { Requests.read($0) }
  }

  @Test(arguments: [
    ("\r\n", "", 400, "bad_chunk_size"),
    (";x\r\n", "", 400, "bad_chunk_size"),
    ("G\r\n", "", 400, "bad_chunk_size"),
    (" 1\r\n", "", 400, "bad_chunk_size"),
    ("1 \r\n", "", 400, "bad_chunk_size"),
    ("1 ;x\r\n", "", 400, "bad_chunk_size"),
    ("+1\r\n", "", 400, "bad_chunk_size"),
    ("-1\r\n", "", 400, "bad_chunk_size"),
    ("0x1\r\n", "", 400, "bad_chunk_size"),
    ("1_0\r\n", "", 400, "bad_chunk_size"),
    ("1\na\r\n", "", 400, "bad_chunk_size"),
    ("1\ra\r\n", "", 400, "bad_chunk_size"),
    ("1\r\r\n", "", 400, "bad_chunk_size"),
    ("1234567890abcdef\r\n", "", 400, "bad_chunk_size"),
    ("0000000000000001\r\n", "", 400, "bad_chunk_size"),
    ("1;x\na\r\n", "", 400, "bad_chunk_extension"),
    ("1;\u{0}\r\n", "", 400, "bad_chunk_extension"),
    ("1;\u{7F}\r\n", "", 400, "bad_chunk_extension"),
    ("1;x\ry\r\n", "", 400, "bad_chunk_size"),
    ("1\r\nab", "a", 400, "chunk_data_too_long"),
    ("1\r\na\n", "a", 400, "chunk_data_too_long"),
    ("1\r\na\rb", "a", 400, "chunk_data_too_long"),
    ("1\r\na1\r\nb\r\n", "a", 400, "chunk_data_too_long"),
    ("1\r\na\r\n\r\n", "a", 400, "bad_chunk_size"),
    ("0\r\nX\r\n\r\n", "", 400, "field_without_colon"),
    ("0\r\nX : y\r\n\r\n", "", 400, "space_before_colon"),
    ("0\r\n x: y\r\n\r\n", "", 400, "obsolete_line_folding"),
    ("0\r\nX: y\r\n z\r\n\r\n", "", 400, "obsolete_line_folding"),
    ("0\r\n: y\r\n\r\n", "", 400, "bad_field_name"),
    ("0\r\nX: \u{1}\r\n\r\n", "", 400, "bad_field_value"),
    ("0\r\nX: a\rb\r\n\r\n", "", 400, "bad_field_value"),
    ("0\r\nX: y\n\r\n", "", 400, "bare_line_feed"),
    ("0\r\n\n", "", 400, "bare_line_feed"),
    ("0\r\n\r\r\n\r\n", "", 400, "bad_field_name"),
  ])
  func refusedChunks(_ body: String, _ before: String, _ status: Int, _ reason: String) {
    let head = "head POST / @a 1.1 [Host=a|Transfer-Encoding=chunked] unknown"
    let expected = [head] + (before.isEmpty ? [] : ["body \(before)"]) + Requests.refusal(status, reason)
    Pieces.expectSame("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)", expected) {
      Requests.read($0)
    }
  }

  // MARK: Limits

  @Test func theHeadMayFillItsLimitToTheLastByte() {
    func input(_ size: Int) -> String {
      let rest = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
      return "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: size - rest))\r\n\r\n"
    }
    let limits = HeadLimits(headSize: 200, targetSize: 50, fieldCount: 10)
    #expect(input(200).utf8.count == 200)
    Pieces.expectSame(input(200)) { Requests.read($0, limits) }
    #expect(Requests.read(Pieces.whole(input(200)), limits).last == "end")
    Pieces.expectSame(input(201), Requests.refusal(431, "head_too_large")) { Requests.read($0, limits) }
    // The limit holds before the head is complete, too.
    let endless = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 300)
    Pieces.expectSame(endless, Requests.refusal(431, "head_too_large")) { Requests.read($0, limits) }
  }

  @Test func theTargetMayFillItsLimitToTheLastByte() {
    func input(_ size: Int, method: String = "GET") -> String {
      "\(method) /\(String(repeating: "x", count: size - 1)) HTTP/1.1\r\nHost: a\r\n\r\n"
    }
    let limits = HeadLimits(headSize: 1000, targetSize: 50, fieldCount: 10)
    Pieces.expectSame(input(50)) { Requests.read($0, limits) }
    #expect(Requests.read(Pieces.whole(input(50)), limits).last == "end")
    Pieces.expectSame(input(51), Requests.refusal(414, "target_too_long")) { Requests.read($0, limits) }
    Pieces.expectSame(input(500), Requests.refusal(414, "target_too_long")) { Requests.read($0, limits) }
    // The start line ends before its own limit is looked at, wherever the input is cut.
    let long = input(50, method: String(repeating: "M", count: 54))
    Pieces.expectSame(long) { Requests.read($0, limits) }
    #expect(Requests.read(Pieces.whole(long), limits).last == "end")
    // A start line that never ends is refused long before the head is full.
    Pieces.expectSame(String(repeating: "M", count: 200), Requests.refusal(414, "target_too_long")) {
      Requests.read($0, limits)
    }
  }

  @Test func fieldsAreCountedToTheLast() {
    func input(_ count: Int) -> String {
      "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
    }
    let limits = HeadLimits(headSize: 1000, targetSize: 50, fieldCount: 10)
    #expect(Requests.read(Pieces.whole(input(10)), limits).last == "end")
    Pieces.expectSame(input(10)) { Requests.read($0, limits) }
    Pieces.expectSame(input(11), Requests.refusal(431, "too_many_fields")) { Requests.read($0, limits) }
  }

  @Test func trailersHaveTheLimitsOfHeads() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let limits = HeadLimits(headSize: 100, targetSize: 50, fieldCount: 3)
    func trailers(_ size: Int) -> String { "0\r\nX: \(String(repeating: "x", count: size - 7))\r\n\r\n" }
    #expect(Requests.read(Pieces.whole(head + trailers(100)), limits).last?.hasPrefix("end X=xxx") == true)
    Pieces.expectSame(head + trailers(100)) { Requests.read($0, limits) }
    Pieces.expectSame(head + trailers(101)) { Requests.read($0, limits) }
    #expect(Requests.read(Pieces.whole(head + trailers(101)), limits).last == "fault 431 trailers_too_large")
    let many = head + "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n"
    #expect(Requests.read(Pieces.whole(many + "\r\n"), limits).last == "end A=1|B=2|C=3")
    Pieces.expectSame(many + "D: 4\r\n\r\n") { Requests.read($0, limits) }
    #expect(Requests.read(Pieces.whole(many + "D: 4\r\n\r\n"), limits).last == "fault 431 too_many_fields")
  }

  @Test func knowsWhetherAHeadHasBegun() {
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = RequestHead()
    func feed(_ text: String) throws(WireFault) {
      try [UInt8](text.utf8).lend { (bytes) throws(WireFault) in
        var input = bytes
        _ = try decoder.next(&input, head)
      }
    }
    #expect(!decoder.isInsideHead)
    #expect(throws: Never.self) { try feed("GET / HT") }
    #expect(decoder.isInsideHead)
    #expect(throws: Never.self) { try feed("TP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n") }
    #expect(!decoder.isInsideHead)
  }
}
