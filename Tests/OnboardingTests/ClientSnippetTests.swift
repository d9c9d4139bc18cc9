import JSON
import Testing

@testable import Onboarding

struct ClientSnippetTests {
  private static let url = "https://mcp.example.com/mcp"
  private static let open = ClientSnippet.all(for: ClientSnippet.Endpoint(name: "tools", url: url))
  private static let registered = ClientSnippet.all(
    for: ClientSnippet.Endpoint(name: "tools", url: url, clientID: "0oa1example", scopes: ["mcp:tools"]))

  @Test func clientsThatRegisterByThemselves() {
    #expect(
      Self.open.map(\.text) == [
        #"{"mcpServers": {"tools": {"url": "https://mcp.example.com/mcp"}}}"#,
        "claude mcp add --transport http tools https://mcp.example.com/mcp",
        #"{"servers": {"tools": {"type": "http", "url": "https://mcp.example.com/mcp"}}}"#,
        #"{"mcpServers": {"tools": {"url": "https://mcp.example.com/mcp"}}}"#,
        "[mcp_servers.tools]\nurl = \"https://mcp.example.com/mcp\"",
        #"{"mcpServers": {"tools": {"httpUrl": "https://mcp.example.com/mcp"}}}"#,
        """
        {
          "mcpServers": {
            "tools": {
              "command": "npx",
              "args": ["-y", "mcp-remote", "https://mcp.example.com/mcp"]
            }
          }
        }
        """,
      ])
  }

  @Test func clientsThatAreRegistered() {
    #expect(
      Self.registered.map(\.text) == [
        """
        {
          "mcpServers": {
            "tools": {
              "url": "https://mcp.example.com/mcp",
              "oauth": {"clientId": "0oa1example", "redirectUri": "127.0.0.1:8090"},
              "oauthScopes": ["mcp:tools"]
            }
          }
        }
        """,
        "claude mcp add --transport http --client-id 0oa1example --callback-port 8090 tools https://mcp.example.com/mcp",
        """
        {
          "servers": {
            "tools": {
              "type": "http",
              "url": "https://mcp.example.com/mcp",
              "oauth": {"clientId": "0oa1example"}
            }
          }
        }
        """,
        """
        {
          "mcpServers": {
            "tools": {
              "url": "https://mcp.example.com/mcp",
              "auth": {"CLIENT_ID": "0oa1example", "scopes": ["mcp:tools"]}
            }
          }
        }
        """,
        """
        mcp_oauth_callback_port = 8090

        [mcp_servers.tools]
        url = "https://mcp.example.com/mcp"

        [mcp_servers.tools.oauth]
        client_id = "0oa1example"
        """,
        """
        {
          "mcpServers": {
            "tools": {
              "httpUrl": "https://mcp.example.com/mcp",
              "oauth": {"enabled": true, "clientId": "0oa1example", "scopes": ["mcp:tools"]}
            }
          }
        }
        """,
        #"""
        {
          "mcpServers": {
            "tools": {
              "command": "npx",
              "args": ["-y", "mcp-remote", "https://mcp.example.com/mcp", "--static-oauth-client-info", "{\"client_id\":\"0oa1example\"}"]
            }
          }
        }
        """#,
      ])
  }

  /// Whatever the names are, shells, JSON and TOML read them as one word or string.
  @Test(arguments: ["it's $(x) `y`", "a\"b\\c", "a b", "a.b", "-"])
  func quotesWhatIsOdd(text: String) throws {
    let endpoint = ClientSnippet.Endpoint(name: text, url: Self.url, clientID: text)
    for snippet in ClientSnippet.all(for: endpoint) {
      switch snippet.client {
      case .claudeCode:
        let word =
          text.contains("'")
          ? #"'it'\''s $(x) `y`'"# : text.contains(where: { " \"".contains($0) }) ? "'\(text)'" : text
        #expect(snippet.text.hasSuffix(" \(word) \(Self.url)"))
      case .codex:
        let string = String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
        #expect(snippet.text.contains("[mcp_servers.\(text == "-" ? text : string)]"))
        #expect(snippet.text.contains("client_id = \(string)"))
      default:
        let json = try JSONValue.parse(Array(snippet.text.utf8))
        #expect(json.objectValue?.members.first?.value[text] != nil)
      }
    }
  }

  @Test func rendersForTerminals() {
    #expect(
      Self.open[4].rendered(indentation: "  ") == """
          Codex (~/.codex/config.toml), then: codex mcp login tools:

            [mcp_servers.tools]
            url = "https://mcp.example.com/mcp"
        """)
  }
}
