import Bytes
import HTTP
import Testing

@testable import Wire

struct ResponseAssemblyTests {
  typealias Section = [(String, String)]

  private func assemble(_ fields: Section, _ limits: HeadLimits = HeadLimits()) -> String {
    var assembly = ResponseAssembly()
    let head = ResponseHead()
    for (name, value) in fields {
      [UInt8](name.utf8).lend { name in [UInt8](value.utf8).lend { assembly.add(name, $0, to: head, limits) } }
    }
    do throws(WireFault) {
      try assembly.complete(head)
      #expect(head.version == .http2)
      return "\(head.status) [\(head.fields.line)]" + (assembly.contentLength.map { " \($0)" } ?? "")
    } catch {
      return error.reason.description
    }
  }

  @Test(
    arguments: [
      ([(":status", "200")], "200 []"),
      ([(":status", "100")], "100 []"),
      ([(":status", "599"), ("x", "1"), ("y", "")], "599 [x=1|y=]"),
      // The length stays in the head, where a response to HEAD has it.
      ([(":status", "200"), ("content-length", "12")], "200 [content-length=12] 12"),
      ([(":status", "200"), ("set-cookie", "a=1"), ("set-cookie", "b=2")], "200 [set-cookie=a=1|set-cookie=b=2]"),
    ] as [(Section, String)])
  func wellFormed(_ fields: Section, _ expected: String) {
    #expect(assemble(fields) == expected)
  }

  @Test(
    arguments: [
      ([], "bad_status"), ([("x", "1")], "bad_status"),
      ([(":status", "")], "bad_status"), ([(":status", "20")], "bad_status"), ([(":status", "2000")], "bad_status"),
      ([(":status", "2x0")], "bad_status"), ([(":status", "099")], "bad_status"), ([(":status", "600")], "bad_status"),
      ([(":status", "101")], "bad_status"),
      ([(":status", "200"), (":status", "200")], "bad_status"),
      ([(":status", "200"), (":path", "/")], "bad_status"),
      ([(":status", "200"), ("", "x")], "bad_field_name"), ([(":status", "200"), ("a b", "x")], "bad_field_name"),
      ([(":status", "200"), ("a:b", "x")], "bad_field_name"),
      ([(":status", "200"), ("a", "x\r\ny")], "bad_field_value"),
      ([(":status", "200"), ("a", "\0")], "bad_field_value"),
      ([(":status", "200"), ("content-length", "x")], "bad_content_length"),
      ([(":status", "200"), ("content-length", "")], "bad_content_length"),
      ([(":status", "200"), ("content-length", "1"), ("content-length", "1")], "bad_content_length"),
      // The first fault is the one that is told.
      ([(":status", "700"), ("a b", "x")], "bad_status"),
    ] as [(Section, String)])
  func malformed(_ fields: Section, _ reason: String) {
    #expect(assemble(fields) == reason)
  }

  @Test func headsAreLimited() {
    let fields = [(":status", "200"), ("a", "1"), ("b", "2")]
    // 7+3, 1+1, 1+1 bytes, and 32 for each field.
    #expect(assemble(fields, HeadLimits(headSize: 110)) == "200 [a=1|b=2]")
    #expect(assemble(fields, HeadLimits(headSize: 109)) == "head_too_large")
    #expect(assemble(fields, HeadLimits(fieldCount: 2)) == "200 [a=1|b=2]")
    #expect(assemble(fields, HeadLimits(fieldCount: 1)) == "too_many_fields")
  }
}
