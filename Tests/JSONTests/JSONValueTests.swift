import JSON
import Testing

struct JSONValueTests {
  static let sample: JSONValue = [
    "text": "a", "whole": 7, "real": 2.5, "flag": true, "nothing": .null, "list": ["a", "b"],
    "mixed": ["a", 1],
    "nested": ["inner": "\(1 + 1)"],
  ]

  @Test func accessorsAnswerOnlyForTheirKind() {
    let value = Self.sample
    #expect(value["text"]?.stringValue == "a")
    #expect(value["text"]?.integerValue == nil)
    #expect(value["whole"]?.integerValue == 7)
    #expect(value["whole"]?.numberValue == 7)
    #expect(value["whole"]?.boolValue == nil)
    #expect(value["real"]?.numberValue == 2.5)
    #expect(value["real"]?.integerValue == nil)
    #expect(value["flag"]?.boolValue == true)
    #expect(value["flag"]?.numberValue == nil)
    #expect(value["nothing"]?.isNull == true)
    #expect(value["text"]?.isNull == false)
    #expect(value["list"]?.stringsValue == ["a", "b"])
    #expect(value["mixed"]?.stringsValue == nil)
    #expect(value["mixed"]?.arrayValue?.count == 2)
    #expect(value["text"]?.arrayValue == nil)
    #expect(value["text"]?.stringsValue == nil)
    #expect(value["nested"]?["inner"]?.stringValue == "2")
    #expect(value["nested"]?.objectValue?.count == 1)
    #expect(value["absent"] == nil)
    #expect(value["text"]?["a"] == nil)
    #expect(value["text"]?.objectValue == nil)
  }

  @Test func integralNumbersCountAsIntegers() {
    #expect(JSONValue.number(1_700_000_000).integerValue == 1_700_000_000)
    #expect(JSONValue.number(1.5).integerValue == nil)
    #expect(JSONValue.number(1e300).integerValue == nil)
    #expect(JSONValue.number(9_223_372_036_854_775_808).integerValue == nil)
  }

  @Test func stringsBecomeAnArray() {
    let names = ["a", "b"]
    #expect(JSONValue(names) == ["a", "b"])
    #expect(JSONValue([] as [String]) == [])
  }

  @Test func equalityIsExact() {
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    #expect(JSONValue.integer(1) != .number(1))
    #expect(JSONValue.null != .bool(false))
    #expect((["a": 1, "b": 2] as JSONValue) != ["b": 2, "a": 1])
    #expect((["\u{E9}": 1] as JSONValue) != ["e\u{301}": 1])
    #expect((["a", ["b": .null]] as JSONValue) == ["a", ["b": .null]])
  }
}
