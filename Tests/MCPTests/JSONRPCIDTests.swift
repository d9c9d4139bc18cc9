import JSON
import MCP
import Testing

@Suite struct JSONRPCIDTests {
  @Test(arguments: ["a", "", 0, -7] as [JSONValue])
  func takesStringsAndIntegers(value: JSONValue) {
    #expect(JSONRPCID(value)?.value == value)
  }

  @Test(arguments: [nil, true, 1.5, [], [:]] as [JSONValue?])
  func refusesEverythingElse(value: JSONValue?) {
    #expect(JSONRPCID(value ?? .null) == nil)
  }

  @Test func aStringIsNotTheIntegerItSpells() {
    #expect(JSONRPCID("1") != JSONRPCID(1))
  }
}
