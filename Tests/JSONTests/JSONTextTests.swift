import JSON
import Testing

struct JSONTextTests {
  static func read(_ text: String) throws -> JSONText { try JSONText([UInt8](text.utf8)) }

  @Test func findsMembersByTheirExactNames() throws {
    let text = try Self.read(#"{"a":{"x":[1]},"b\n":2,"\u0063":"d","é":[],"":null}"#)
    #expect(text.member("a").map(text.value) == ["x": [1]])
    #expect(text.member("b\n").map(text.value) == 2)
    #expect(text.member("c").map(text.value) == "d")
    #expect(text.member("é").map(text.value) == [])
    #expect(text.member("").map(text.value) == .null)
    for name in ["x", "b", "b\\n", "e\u{301}", "A", "d"] { #expect(text.member(name) == nil) }
    let inner = try #require(text.member("a"))
    #expect(text.member("x", of: inner).map(text.value) == [1])
    #expect(text.member("a", of: inner) == nil)
    #expect(try Self.read("[1]").member("a") == nil)
  }

  @Test func comparesStringsAsTheyAreMeant() throws {
    let text = try Self.read(#"["https:\/\/x","\ud83d\ude00","é",1,["é"]]"#)
    #expect(text.string(1, equals: "https://x") && text.string(2, equals: "😀") && text.string(3, equals: "é"))
    #expect(!text.string(1, equals: "https:\\/\\/x") && !text.string(3, equals: "e\u{301}"))
    #expect(!text.string(4, equals: "1") && !text.string(5, equals: "é"))
    #expect(text.withString(1) { [UInt8]($0) } == [UInt8]("https://x".utf8))
    #expect(text.withString(4) { $0.count } == nil)
  }

  @Test(arguments: [
    (#"["a","b"]"#, ["a", "b"]), ("[]", []), (#"["a",1]"#, nil), (#"["a",["b"]]"#, nil), (#""a""#, nil), ("{}", nil),
    (#"{"a":"b"}"#, nil),
  ])
  func arraysOfStrings(_ json: String, _ strings: [String]?) throws {
    let text = try Self.read(json)
    #expect(text.isStrings(JSONText.root) == (strings != nil))
    #expect(text.strings(JSONText.root) == strings)
  }

  @Test(
    arguments: [
      ("7", 7), ("1e3", 1000), ("2.0", 2), ("-9223372036854775808", .min), ("1.5", nil), ("1e300", nil), ("\"7\"", nil),
      ("null", nil),
    ] as [(String, Int64?)])
  func integers(_ json: String, _ value: Int64?) throws {
    #expect(try Self.read(json).integer(JSONText.root) == value)
  }
}
