import JSON
import Testing

struct JSONParserTests {
  static func parse(_ text: String, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try JSONValue.parse([UInt8](text.utf8), limits: limits)
  }

  static func failure(_ bytes: [UInt8], limits: JSONLimits = .default) -> JSONError? {
    do {
      _ = try JSONValue.parse(bytes, limits: limits)
      return nil
    } catch { return error }
  }

  @Test func readsEveryKindOfValue() throws {
    let value = try Self.parse(
      " {\"a\" : null,\t\"b\":[true,false,-1 , 2.5e1],\r\n\"c\":{\"d\":\"e\"},\"f\":[],\"g\":{}} ")
    #expect(
      value == [
        "a": .null, "b": [true, false, -1, 25.0], "c": ["d": "e"], "f": [], "g": [:],
      ])
  }

  @Test(arguments: [
    ("0", JSONValue.integer(0)), ("-0", .integer(0)), ("-1", .integer(-1)),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
    ("18446744073709551616", .number(18_446_744_073_709_551_616)),
    ("100000000000000000000", .number(1e20)),
    ("1.5", .number(1.5)), ("1E3", .number(1000)), ("1e+3", .number(1000)), ("25e-1", .number(2.5)),
    ("0.0", .number(0)), ("1e-400", .number(0)),
  ])
  func readsNumbers(_ text: String, _ expected: JSONValue) throws {
    #expect(try Self.parse(text) == expected)
  }

  @Test(arguments: [
    ("\"\"", ""), ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\u{8}\u{C}\n\r\t"),
    ("\"\\u0041\\u00e9\\u20AC\"", "Aé€"),
    ("\"\\ud83d\\uDE00!\"", "😀!"), ("\"é€😀\"", "é€😀"), ("\"x\\u0000y\"", "x\u{0}y"), ("\"\u{7F}\"", "\u{7F}"),
    ("\"a\\u00e9b€c\"", "aéb€c"),
  ])
  func readsStrings(_ text: String, _ expected: String) throws {
    #expect(try Self.parse(text).stringValue?.hasSameBytes(as: expected) == true)
  }

  @Test(arguments: [
    ("", JSONError(.unexpectedEnd, at: 0)), ("  ", JSONError(.unexpectedEnd, at: 2)),
    ("{", JSONError(.unexpectedEnd, at: 1)), ("[1,", JSONError(.unexpectedEnd, at: 3)),
    ("{\"a\"", JSONError(.unexpectedEnd, at: 4)), ("{\"a\":", JSONError(.unexpectedEnd, at: 5)),
    ("tru", JSONError(.unexpectedEnd, at: 3)), ("\"abc", JSONError(.unexpectedEnd, at: 4)),
    ("\"abc\\", JSONError(.unexpectedEnd, at: 5)), ("\"\\u12", JSONError(.unexpectedEnd, at: 3)),
    ("[1,]", JSONError(.unexpectedByte, at: 3)), ("[,1]", JSONError(.unexpectedByte, at: 1)),
    ("[1 2]", JSONError(.unexpectedByte, at: 3)), ("{\"a\":1,}", JSONError(.unexpectedByte, at: 7)),
    ("{a:1}", JSONError(.unexpectedByte, at: 1)), ("{\"a\" 1}", JSONError(.unexpectedByte, at: 5)),
    ("{\"a\":1 \"b\":2}", JSONError(.unexpectedByte, at: 7)), ("{1:2}", JSONError(.unexpectedByte, at: 1)),
    ("'a'", JSONError(.unexpectedByte, at: 0)), ("nul1", JSONError(.unexpectedByte, at: 3)),
    ("NaN", JSONError(.unexpectedByte, at: 0)), ("+1", JSONError(.unexpectedByte, at: 0)),
    (".5", JSONError(.unexpectedByte, at: 0)), ("[1}", JSONError(.unexpectedByte, at: 2)),
    ("\u{FEFF}1", JSONError(.unexpectedByte, at: 0)), ("/* */1", JSONError(.unexpectedByte, at: 0)),
    ("\u{0B}1", JSONError(.unexpectedByte, at: 0)), ("\u{A0}1", JSONError(.unexpectedByte, at: 0)),
    ("1 2", JSONError(.trailingBytes, at: 2)), ("{}{}", JSONError(.trailingBytes, at: 2)),
    ("01", JSONError(.invalidNumber, at: 0)), ("-", JSONError(.invalidNumber, at: 0)),
    ("-01", JSONError(.invalidNumber, at: 0)), ("1.", JSONError(.invalidNumber, at: 0)),
    ("1.e3", JSONError(.invalidNumber, at: 0)), ("1e", JSONError(.invalidNumber, at: 0)),
    ("1e+", JSONError(.invalidNumber, at: 0)), ("-Infinity", JSONError(.invalidNumber, at: 0)),
    ("0x10", JSONError(.trailingBytes, at: 1)), ("1_0", JSONError(.trailingBytes, at: 1)),
    ("1e400", JSONError(.numberOutOfRange, at: 0)), ("[-1e999]", JSONError(.numberOutOfRange, at: 1)),
    ("\"a\nb\"", JSONError(.controlCharacter, at: 2)), ("\"\u{0}\"", JSONError(.controlCharacter, at: 1)),
    ("\"\\x41\"", JSONError(.invalidEscape, at: 2)), ("\"\\u00g0\"", JSONError(.invalidEscape, at: 5)),
    ("\"\\ud800\"", JSONError(.loneSurrogate, at: 1)), ("\"\\udc00\"", JSONError(.loneSurrogate, at: 1)),
    ("\"\\ud800\\u0041\"", JSONError(.loneSurrogate, at: 1)),
    ("\"\\ud800x\"", JSONError(.loneSurrogate, at: 1)),
    ("\"\\ud800\\n\"", JSONError(.loneSurrogate, at: 1)),
    ("\"\\ud83d\\ud83d\"", JSONError(.loneSurrogate, at: 1)),
    ("{\"a\":1,\"a\":2}", JSONError(.duplicateName, at: 7)),
    ("{\"exp\":1,\"\\u0065xp\":2}", JSONError(.duplicateName, at: 9)),
    ("[{\"a\":1,\"b\":{\"c\":1,\"c\":1}}]", JSONError(.duplicateName, at: 19)),
  ])
  func refuses(_ text: String, _ error: JSONError) {
    #expect(Self.failure([UInt8](text.utf8)) == error)
  }

  /// Overlong forms, surrogates, beyond Unicode, cut sequences, stray continuation; plain and beside an
  /// escape.
  @Test(
    arguments: [
      [0xC0, 0x80], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80],
      [0xC3], [0xE2, 0x82], [0x80], [0xFF], [0xC3, 0x28],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
    #expect(Self.failure([0x22] + bytes + [0x22])?.reason == .invalidUTF8)
    #expect(Self.failure([UInt8]("\"\\n".utf8) + bytes + [UInt8]("\\u00a9\"".utf8))?.reason == .invalidUTF8)
    #expect(Self.failure([UInt8]("{\"".utf8) + bytes + [UInt8]("\":1}".utf8))?.reason == .invalidUTF8)
  }

  @Test func namesThatOnlyLookAlikeAreDifferent() throws {
    let value = try Self.parse("{\"\u{E9}\":1,\"e\u{301}\":2,\"A\":3,\"a\":4}")
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(value["a"] == 4)
  }

  @Test func findsDuplicatesInLargeObjects() throws {
    let names = (0..<2000).map { "\"m\($0)\":\($0)" }
    #expect(try Self.parse("{" + names.joined(separator: ",") + "}")["m1999"] == 1999)
    for repeated in ["m0", "m15", "m16", "m17", "m1999"] {
      let text = "{" + names.joined(separator: ",") + ",\"\(repeated)\":0}"
      #expect(Self.failure([UInt8](text.utf8))?.reason == .duplicateName)
    }
    let lookAlikes = names + ["\"\u{E9}\":1", "\"e\u{301}\":2"]
    #expect(try Self.parse("{" + lookAlikes.joined(separator: ",") + "}").objectValue?.count == 2002)
  }

  @Test func boundsDepth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try Self.parse(nested(32))
    #expect(Self.failure([UInt8](nested(33).utf8)) == JSONError(.tooDeep, at: 32))
    #expect(Self.failure([UInt8](String(repeating: "{\"a\":", count: 40).utf8))?.reason == .tooDeep)
    #expect(Self.failure([UInt8](String(repeating: "[", count: 1_000_000).utf8))?.reason == .tooDeep)
  }

  @Test func boundsValues() throws {
    let limits = JSONLimits(depth: 4, values: 5)
    _ = try Self.parse("[1,2,{\"a\":3}]", limits: limits)
    #expect(
      Self.failure([UInt8]("[1,2,{\"a\":3},4]".utf8), limits: limits) == JSONError(.tooManyValues, at: 13))
  }

  @Test func readsEveryPrefixOfADocumentWithoutHarm() throws {
    let text = [UInt8]("{\"a\":[1.5e3,\"\\ud83d\\ude00é\",null],\"b\":{\"c\":true}}".utf8)
    _ = try JSONValue.parse(text)
    for length in 0..<text.count { #expect(Self.failure([UInt8](text[..<length])) != nil) }
  }

  @Test func describesWhereItFailed() {
    #expect(Self.failure([UInt8]("[1,]".utf8))?.description == "unexpected character at byte 3")
  }
}
