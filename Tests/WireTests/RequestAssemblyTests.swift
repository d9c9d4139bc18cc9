import Bytes
import HTTP
import Testing

@testable import Wire

struct RequestAssemblyTests {
  typealias Section = [(String, String)]

  /// The head of `fields`, or why there is none.
  static func assemble(_ fields: Section, _ limits: HeadLimits = HeadLimits()) -> String {
    assemble(fields.map { ([UInt8]($0.0.utf8), [UInt8]($0.1.utf8)) }, limits)
  }

  private static func assemble(_ fields: [([UInt8], [UInt8])], _ limits: HeadLimits = HeadLimits()) -> String {
    var assembly = RequestAssembly()
    let head = RequestHead()
    for (name, value) in fields { name.lend { name in value.lend { assembly.add(name, $0, to: head, limits) } } }
    do throws(RequestAssembly.Fault) {
      try assembly.complete(head, limits)
      return StreamRecorder.describe(head) + (assembly.contentLength.map { " \($0)" } ?? "")
    } catch {
      switch error {
      case .malformed(let reason): return "malformed \(reason)"
      case .refused(let fault): return fault.line
      }
    }
  }

  private static func head(
    _ method: String = "GET", _ path: String = "/", scheme: String = "https", authority: String = "a"
  ) -> Section {
    [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
  }

  @Test(
    arguments: [
      (head(), "GET / @a []"),
      (head("POST", "/a/b?x=1&y=%20?/", scheme: "http"), "POST /a/b?x=1&y=%20?/ @a []"),
      (head(scheme: "HTTPS"), "GET / @a []"),
      (head(authority: "[::1]:8443"), "GET / @[::1]:8443 []"),
      (head("OPTIONS", "*"), "OPTIONS * @a []"),
      (head("M-SEARCH"), "M-SEARCH / @a []"),
      (head("get"), "get / @a []"),
      // Pseudo fields in any order.
      ([(":authority", "a"), (":path", "/"), (":method", "GET"), (":scheme", "https")], "GET / @a []"),
      (head() + [("x", "1"), ("y", ""), ("x", "a \t b")], "GET / @a [x=1|y=|x=a \t b]"),
      (head() + [("x", "é\u{80}")], "GET / @a [x=é\u{80}]"),
      (head() + [("te", "trailers")], "GET / @a [te=trailers]"),
      (head() + [("te", "Trailers")], "GET / @a [te=Trailers]"),
      (head() + [("content-length", "0")], "GET / @a [] 0"),
      (head() + [("content-length", "007")], "GET / @a [] 7"),
      (head() + [("content-length", "999999999999999999")], "GET / @a [] 999999999999999999"),
      // Host alone is enough, and beside `:authority` when it says the same.
      ([(":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "b")], "GET / @b [host=b]"),
      ([(":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "")], "GET / @ [host=]"),
      (head(authority: "Example.com") + [("host", "example.COM")], "GET / @Example.com [host=example.COM]"),
      // Cookie crumbs (RFC 9113 §8.2.3).
      (head() + [("cookie", "a=1")], "GET / @a [cookie=a=1]"),
      (
        head() + [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")],
        "GET / @a [x=y|Cookie=a=1; b=2; c=3]"
      ),
    ] as [(Section, String)])
  func wellFormed(_ fields: Section, _ expected: String) {
    #expect(Self.assemble(fields) == expected)
  }

  @Test(
    arguments: [
      // Pseudo fields.
      ([(":scheme", "https"), (":path", "/"), (":authority", "a")], "bad_method"),
      (head(""), "bad_method"), (head("GE T"), "bad_method"), (head("GET\u{1}"), "bad_field_value"),
      (head("GET:"), "bad_method"),
      ([(":method", "GET"), (":path", "/"), (":authority", "a")], "missing_pseudo_field"),
      ([(":method", "GET"), (":scheme", "https"), (":authority", "a")], "missing_pseudo_field"),
      (head() + [(":method", "GET")], "bad_pseudo_field"),
      (head() + [(":scheme", "https")], "bad_pseudo_field"),
      (head() + [(":path", "/")], "bad_pseudo_field"),
      (head() + [(":authority", "a")], "bad_pseudo_field"),
      (head() + [(":status", "200")], "bad_pseudo_field"),
      (head("CONNECT") + [(":protocol", "websocket")], "bad_pseudo_field"),
      (head() + [(":", "x")], "bad_pseudo_field"),
      // Behind another field.
      ([("x", "1")] + head(), "bad_pseudo_field"),
      ([(":method", "GET"), ("content-length", "0"), (":scheme", "https"), (":path", "/")], "bad_pseudo_field"),
      (head(scheme: ""), "bad_scheme"), (head(scheme: "ftp"), "bad_scheme"), (head(scheme: "https:"), "bad_scheme"),
      // Targets.
      (head("GET", ""), "bad_request_target"), (head("GET", "*"), "bad_request_target"),
      (head("OPTIONS", "**"), "bad_request_target"), (head("GET", "a"), "bad_request_target"),
      (head("GET", "http://a/"), "bad_request_target"), (head("GET", "/a b"), "bad_request_target"),
      (head("GET", "/a\u{7F}"), "bad_field_value"), (head("GET", "/é"), "bad_request_target"),
      (head("GET", "/ HTTP/1.1\r\nx: y"), "bad_field_value"), (head("GET", "/a\tb"), "bad_request_target"),
      // Authorities.
      (head(authority: ""), "bad_authority"), (head(authority: "user@a"), "bad_authority"),
      (head(authority: "user:secret@a"), "bad_authority"), (head(authority: "a:b"), "bad_authority"),
      (head(authority: "a/b"), "bad_authority"), (head(authority: "a,b"), "bad_authority"),
      (head() + [("host", "b")], "host_differs_from_authority"),
      (head() + [("host", "a:443")], "host_differs_from_authority"),
      (head() + [("host", "")], "host_differs_from_authority"),
      (head() + [("host", "a"), ("host", "a")], "repeated_host"),
      (head() + [("host", "u@a")], "bad_host"),
      // Names.
      (head() + [("", "x")], "bad_field_name"), (head() + [("X", "x")], "bad_field_name"),
      (head() + [("aB", "x")], "bad_field_name"), (head() + [("a b", "x")], "bad_field_name"),
      (head() + [("a:b", "x")], "bad_field_name"), (head() + [("a\r\nb", "x")], "bad_field_name"),
      (head() + [("a\0", "x")], "bad_field_name"), (head() + [("é", "x")], "bad_field_name"),
      (head() + [(" a", "x")], "bad_field_name"),
      // Values.
      (head() + [("a", "x\r\ny: z")], "bad_field_value"), (head() + [("a", "x\ny")], "bad_field_value"),
      (head() + [("a", "x\0")], "bad_field_value"), (head() + [("a", "x\u{7F}y")], "bad_field_value"),
      (head() + [("a", " x")], "bad_field_value"), (head() + [("a", "x ")], "bad_field_value"),
      (head() + [("a", "\tx")], "bad_field_value"), (head() + [("a", "x\t")], "bad_field_value"),
      (head() + [("a", " ")], "bad_field_value"), (head(authority: "a "), "bad_field_value"),
      // Fields of one connection.
      (head() + [("connection", "close")], "connection_specific_field"),
      (head() + [("transfer-encoding", "chunked")], "connection_specific_field"),
      (head() + [("keep-alive", "1")], "connection_specific_field"),
      (head() + [("proxy-connection", "x")], "connection_specific_field"),
      (head() + [("upgrade", "h2c")], "connection_specific_field"),
      (head() + [("te", "gzip")], "connection_specific_field"),
      (head() + [("te", "trailers, gzip")], "connection_specific_field"),
      // Lengths.
      (head() + [("content-length", "")], "bad_content_length"),
      (head() + [("content-length", "+1")], "bad_content_length"),
      (head() + [("content-length", "-1")], "bad_content_length"),
      (head() + [("content-length", "1,1")], "bad_content_length"),
      (head() + [("content-length", "0x1")], "bad_content_length"),
      (head() + [("content-length", "1234567890123456789")], "bad_content_length"),
      (head() + [("content-length", "1"), ("content-length", "1")], "bad_content_length"),
    ] as [(Section, String)])
  func malformed(_ fields: Section, _ reason: String) {
    #expect(Self.assemble(fields) == "malformed \(reason)")
  }

  @Test(
    arguments: [
      ([(":method", "CONNECT"), (":authority", "a:443")], "fault 501 connect_not_supported"),
      (head("CONNECT"), "fault 501 connect_not_supported"),
      ([(":method", "GET"), (":scheme", "https"), (":path", "/")], "fault 400 host_missing"),
      (head("GET", "/a/../b"), "fault 400 dot_segment_in_target"),
      (head("GET", "/%2e%2E/b"), "fault 400 dot_segment_in_target"),
      (head("GET", "/%zz"), "fault 400 bad_percent_encoding"),
      (head("GET", "/%00"), "fault 400 bad_percent_encoding"),
      (head("GET", "/a?b#c"), "fault 400 fragment_in_target"),
      (head("GET", "/a#c"), "fault 400 bad_request_target"),
    ] as [(Section, String)])
  func refused(_ fields: Section, _ fault: String) {
    #expect(Self.assemble(fields) == fault)
  }

  @Test func theSectionIsMeasuredAsTheRFCDoes() {
    // Four pseudo fields: 7+3, 7+5, 5+1, 10+1 bytes, and 32 for each.
    let size = 39 + 4 * 32
    #expect(Self.assemble(Self.head(), HeadLimits(headSize: size)) == "GET / @a []")
    #expect(Self.assemble(Self.head(), HeadLimits(headSize: size - 1)) == "fault 431 head_too_large")
    let more = Self.head() + [("x", "y")]
    #expect(Self.assemble(more, HeadLimits(headSize: size + 34)) == "GET / @a [x=y]")
    #expect(Self.assemble(more, HeadLimits(headSize: size + 33)) == "fault 431 head_too_large")
  }

  @Test func whatComesBehindAFaultIsMeasuredButNotKept() {
    var assembly = RequestAssembly()
    let head = RequestHead()
    let limits = HeadLimits(headSize: 100)
    for _ in 0..<50 { [UInt8]("x".utf8).lend { name in assembly.add(name, name, to: head, limits) } }
    #expect(assembly.sectionSize == 50 * 34)
    #expect(head.fields.count <= 2)
  }

  @Test func fieldsAndTargetsAreLimited() {
    let three = Self.head() + [("a", "1"), ("b", "2"), ("c", "3")]
    #expect(Self.assemble(three, HeadLimits(fieldCount: 3)) == "GET / @a [a=1|b=2|c=3]")
    #expect(Self.assemble(three, HeadLimits(fieldCount: 2)) == "fault 431 too_many_fields")
    #expect(Self.assemble(Self.head("GET", "/abc"), HeadLimits(targetSize: 4)) == "GET /abc @a []")
    #expect(Self.assemble(Self.head("GET", "/abcd"), HeadLimits(targetSize: 4)) == "fault 414 target_too_long")
  }

  @Test func aNameCannotBeLongerThanItsSlot() {
    let limits = HeadLimits(headSize: 1 << 20)
    let longest = String(repeating: "n", count: Int(UInt16.max))
    #expect(Self.assemble(Self.head() + [(longest, "1")], limits).hasSuffix("n=1]"))
    #expect(Self.assemble(Self.head() + [(longest + "n", "1")], limits) == "malformed bad_field_name")
  }

  /// No byte but those of a token may stand in a name, none but visible ones, spaces and obs-text in a value.
  @Test func everyByteIsJudgedAsHTTP1Does() {
    let head = Self.head().map { ([UInt8]($0.0.utf8), [UInt8]($0.1.utf8)) }
    for byte in UInt8.min...UInt8.max {
      let name = Self.assemble(head + [([0x61, byte, 0x61], [0x31])])
      let isName = ASCII.isToken(byte) && !(0x41...0x5A ~= byte)
      #expect((name != "malformed bad_field_name") == isName, "\(byte) in a name")
      let value = Self.assemble(head + [([0x61], [0x31, byte, 0x31])])
      #expect((value != "malformed bad_field_value") == ASCII.isFieldValue(byte), "\(byte) in a value")
    }
  }
}
