import Pipeline
import Stages
import Testing

struct CanonicalPathTests {
  private let stage = CanonicalPath(path: "/mcp", url: "https://gw.example/mcp")

  @Test(arguments: ["/mcp", "/mcp/x", "/mcp//", "/", "/MCP/", "/mcp/x/"])
  func otherPathsPass(_ path: String) { #expect(stage.handle(.request("POST", path)).words == "proceed") }

  /// GW-25: one spelling is the URL, the other leads to it, whatever the method.
  @Test(arguments: ["GET", "POST", "DELETE", "OPTIONS"])
  func theSlashedSpellingLeadsToTheURL(_ method: String) {
    let verdict = stage.handle(.request(method, "/mcp/", query: "a=b"))
    #expect(verdict.words == "reject 308 moved")
    #expect(verdict.reply?.field("Location") == "https://gw.example/mcp")
  }
}
