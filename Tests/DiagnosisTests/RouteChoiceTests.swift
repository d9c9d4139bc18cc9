import Configuration
import Testing

@testable import Diagnosis

struct RouteChoiceTests {
  private static let text = """
    public_url: https://mcp.example.com
    routes:
      - name: tools
        path: /mcp
        upstream: {url: "http://127.0.0.1:8000/mcp"}
        authorization:
          - {issuer: "https://a.example", jwks_file: /keys.json, allowed_audience: [x]}
          - {issuer: "https://b.example", jwks_file: /keys.json, allowed_audience: [x]}
      - path: /open
        upstream: {url: "http://127.0.0.1:8000/mcp"}
        authorization: none
      - path: /one
        upstream: {url: "http://127.0.0.1:8000/mcp"}
        authorization: {issuer: "https://a.example", jwks_file: /keys.json, allowed_audience: [x]}
    """

  @Test func entriesKnowTheirPlaces() throws {
    let (configuration, sources) = try Fixture.load(Self.text)
    let choice = try RouteChoice(configuration, sources, name: nil)
    #expect(
      choice.routes.map { $0.entries.map(\.path) } == [
        ["routes[0].authorization[0]", "routes[0].authorization[1]"], [], ["routes[2].authorization"],
      ])
  }

  @Test(arguments: ["tools", "/mcp", "https://mcp.example.com/mcp"])
  func aRouteHasThreeNames(_ name: String) throws {
    let (configuration, sources) = try Fixture.load(Self.text)
    #expect(try RouteChoice(configuration, sources, name: name).routes.map(\.route.path) == ["/mcp"])
  }

  @Test func anUnknownNameIsAnsweredWithTheKnownOnes() throws {
    let (configuration, sources) = try Fixture.load(Self.text)
    let fault = #expect(throws: RouteChoice.Fault.self) {
      try RouteChoice(configuration, sources, name: "tool")
    }
    #expect(fault?.description == "there is no route \"tool\"; the routes are: tools, /open, /one")
  }
}
