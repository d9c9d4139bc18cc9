import JSON
import Testing

struct JSONObjectTests {
  @Test func keepsOrderAndReplacesInPlace() {
    var object: JSONObject = ["b": 1, "a": 2, "b": 3]
    #expect(object.members.map(\.name) == ["b", "a"])
    #expect(object["b"] == 3)
    object["c"] = "x"
    object["b"] = nil
    object["absent"] = nil
    #expect(object == ["a": 2, "c": "x"])
    #expect(object.count == 2)
    #expect(!object.isEmpty)
    #expect(JSONObject().isEmpty)
  }

  @Test func isBuiltFromPairs() {
    let object = JSONObject([("one", 1), ("two", .array([2]))])
    #expect(object.members == [.init(name: "one", value: 1), .init(name: "two", value: [2])])
  }

  @Test func namesAreExact() {
    let object: JSONObject = ["\u{E9}": 1]
    #expect(object["e\u{301}"] == nil)
    #expect(object["\u{E9}"] == 1)
  }
}
