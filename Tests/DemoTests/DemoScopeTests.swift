@testable import Demo
import Testing
import Web

@Suite struct DemoScopeTests {
  @Test(
    arguments: [
      (nil, "mcp:tools"),
      ("mcp:admin", "mcp:admin"),
      ("offline_access mcp:tools openid", "mcp:tools openid offline_access"),
      ("mcp:tools mcp:tools", "mcp:tools"),
      ("mcp:tools unknown", "mcp:tools"),
      ("MCP:TOOLS", ""),
      ("unknown", ""),
    ] as [(String?, String)])
  func knownScopesAreTakenOnce(list: String?, expected: String) {
    #expect(DemoScope.requested(list).text == expected)
  }
}
