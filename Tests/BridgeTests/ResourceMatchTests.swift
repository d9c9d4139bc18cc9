import Testing
import Web

@testable import Bridge

@Suite struct ResourceMatchTests {
  private typealias Routes = BridgeBench.Routes

  private func find(_ resources: [String], _ routes: [BridgedRoute]) -> String? {
    try? ResourceMatch.route(for: resources, among: routes).name
  }

  @Test(arguments: [
    "https://mcp.example.com/mcp", "https://mcp.example.com/mcp/", "HTTPS://MCP.Example.COM/mcp",
    "https://mcp.example.com:443/mcp", "https://mcp.example.com", "https://mcp.example.com/",
  ])
  func spellingsOfTheOnlyRoute(resource: String) {
    #expect(find([resource], [Routes.tools]) == "tools")
    #expect(find([resource], [Routes.elsewhere, Routes.tools]) == "tools")
  }

  @Test(arguments: [
    "https://mcp.example.com/MCP", "https://mcp.example.com/mcp/x", "https://mcp.example.com/mcp?x=1",
    "https://mcp.example.com/mcp//", "http://mcp.example.com/mcp", "https://mcp.example.com:8443/mcp",
    "https://mcp.example.com.evil.example/mcp", "https://user@mcp.example.com/mcp", "https://evil.example", "mcp", "",
    "https://mcp.example.com/mcp#fragment", "https:/mcp.example.com/mcp", "urn:x", "https://mcp.example.com\\mcp",
  ])
  func whatIsNone(resource: String) {
    let error = #expect(throws: OAuthError.self) { try ResourceMatch.route(for: [resource], among: [Routes.tools]) }
    #expect(error?.code == "invalid_target")
  }

  @Test func anOriginIsAmbiguousWhenSeveralRoutesHaveIt() {
    let routes = [Routes.tools, Routes.wiki]
    #expect(find(["https://mcp.example.com/"], routes) == nil)
    #expect(find(["https://mcp.example.com/wiki/"], routes) == "wiki")
  }

  @Test func aRouteAtTheRootIsItsOrigin() {
    let routes = [Routes.tools, Routes.route("root", "https://mcp.example.com", [])]
    #expect(find(["https://mcp.example.com/"], routes) == "root")
    #expect(find(["https://mcp.example.com/mcp"], routes) == "tools")
  }

  @Test func noResourceMeansTheOnlyRoute() {
    #expect(find([], [Routes.tools]) == "tools")
    #expect(find([], [Routes.tools, Routes.wiki]) == nil)
  }

  @Test func severalMustMeanTheSame() {
    let routes = [Routes.tools, Routes.wiki]
    #expect(find(["https://mcp.example.com/mcp", "https://mcp.example.com/mcp/"], routes) == "tools")
    #expect(find(["https://mcp.example.com/mcp", "https://mcp.example.com/wiki"], routes) == nil)
    #expect(find(["https://mcp.example.com/mcp", "https://evil.example"], routes) == nil)
  }
}
