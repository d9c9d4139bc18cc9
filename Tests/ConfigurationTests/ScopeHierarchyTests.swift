import Testing

@testable import Configuration

struct ScopeHierarchyTests {
  @Test(
    arguments: [
      ([:], []),
      (["a": ["b"], "b": ["c", "d"], "x": ["c"]], []),
      // Two ways to one scope are no circle.
      (["a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"]], []),
      (["a": ["a"]], ["a a"]),
      (["a": ["b"], "b": ["c"], "c": ["b"]], ["b c b"]),
      (["a": ["b", "c"], "b": ["a"], "c": ["a"]], ["a b a", "a c a"]),
      (["b": ["a"], "a": ["b"], "z": ["z", "a"]], ["a b a", "z z"]),
    ] as [([String: [String]], [String])])
  func findsCircles(_ included: [String: [String]], _ cycles: [String]) {
    #expect(ScopeHierarchy.cycles(in: included).map { $0.joined(separator: " ") } == cycles)
  }

  @Test func aLongChainIsNoTrouble() {
    let last = 20_000
    var included: [String: [String]] = [:]
    for index in 0..<last { included["\(index)"] = ["\(index + 1)"] }
    #expect(ScopeHierarchy.cycles(in: included).isEmpty)
    included["\(last)"] = ["0"]
    #expect(ScopeHierarchy.cycles(in: included).map(\.count) == [last + 2])
  }
}
