import Testing

@testable import Onboarding

struct ClientRedirectsTests {
  @Test func everyClientHasSome() {
    #expect(ClientRedirects.all.map(\.client) == MCPClient.allCases)
    #expect(ClientRedirects.all.allSatisfy { !$0.uris.isEmpty })
  }

  @Test(arguments: [
    (
      MCPClient.kiro, "Kiro: http://localhost:8090/oauth/callback (the port is fixed by oauth.redirectUri)"
    ),
    (.cursor, "Cursor: cursor://anysphere.cursor-mcp/oauth/callback"),
    (.geminiCLI, "Gemini CLI: http://localhost:PORT/oauth/callback (any port)"),
  ])
  func summaries(client: MCPClient, summary: String) {
    #expect(ClientRedirects.of(client)?.summary == summary)
  }
}
