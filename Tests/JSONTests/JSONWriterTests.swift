import JSON
import Testing

struct JSONWriterTests {
  static func text(_ value: JSONValue) -> String { String(decoding: value.serialized(), as: UTF8.self) }

  @Test func writesCompactlyInOrder() {
    let value: JSONValue = ["z": [1, -2, 2.5, true, false, .null], "a": ["": [:]], "e": []]
    #expect(Self.text(value) == #"{"z":[1,-2,2.5,true,false,null],"a":{"":{}},"e":[]}"#)
  }

  @Test func escapesWhatMustBeEscaped() {
    #expect(Self.text("a\"b\\c/d") == #""a\"b\\c/d""#)
    #expect(Self.text("\n\r\t\u{0}\u{8}\u{1F}\u{7F}") == "\"\\n\\r\\t\\u0000\\u0008\\u001f\u{7F}\"")
    #expect(Self.text("é€😀") == "\"é€😀\"")
    #expect(Self.text(["\"": 1]) == #"{"\"":1}"#)
  }

  @Test func numbersThatJSONCannotExpressBecomeNull() {
    #expect(Self.text([.number(.infinity), .number(.nan), .number(-.infinity)]) == "[null,null,null]")
  }

  @Test(arguments: [
    JSONValue.integer(.min), .integer(.max), .number(1e300), .number(-.leastNonzeroMagnitude), .number(0.1),
    .number(1e16),
    .string("\u{0}\u{1F}\"\\é😀\u{2028}"), ["a": ["b": [1, 2.0, "c"]], "é": .null],
  ])
  func comesBack(_ value: JSONValue) throws {
    #expect(try JSONValue.parse(value.serialized()) == value)
  }

  @Test func appends() {
    var text = [UInt8]("data: ".utf8)
    JSONValue.bool(true).write(to: &text)
    #expect(String(decoding: text, as: UTF8.self) == "data: true")
  }
}
