/// Where an MCP client lets the provider send its users back: what has to be registered with providers that compare
/// redirect URIs (RFC 6749 §3.1.2).
package struct ClientRedirects: Equatable, Sendable {
  /// How the port of a loopback URI comes about.
  package enum Port: Equatable, Sendable {
    /// There is none to choose.
    case fixed
    /// Any, unless the user fixes one in the way that is told.
    case chosen(by: String)
    /// Any; the provider must ignore the port of loopback URIs (RFC 8252 §7.3).
    case any
  }

  package let client: MCPClient
  /// With the port of the snippets where one has to be chosen.
  package let uris: [String]
  package let port: Port

  /// The port that the snippets fix.
  package static let port = 8090

  package static let all: [ClientRedirects] = [
    ClientRedirects(
      client: .kiro, uris: ["http://localhost:\(port)/oauth/callback"], port: .chosen(by: "oauth.redirectUri")),
    ClientRedirects(
      client: .claudeCode, uris: ["http://localhost:\(port)/callback"], port: .chosen(by: "--callback-port")),
    ClientRedirects(
      client: .claude,
      uris: ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"], port: .fixed),
    ClientRedirects(
      client: .vsCode,
      uris: ["http://127.0.0.1:33418/", "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"],
      port: .fixed),
    ClientRedirects(client: .cursor, uris: ["cursor://anysphere.cursor-mcp/oauth/callback"], port: .fixed),
    ClientRedirects(
      client: .codex, uris: ["http://127.0.0.1:\(port)/callback"], port: .chosen(by: "mcp_oauth_callback_port")),
    ClientRedirects(client: .geminiCLI, uris: ["http://localhost:PORT/oauth/callback"], port: .any),
    ClientRedirects(client: .mcpRemote, uris: ["http://localhost:3334/oauth/callback"], port: .fixed),
    ClientRedirects(client: .chatGPT, uris: ["https://chatgpt.com/connector_platform_oauth_redirect"], port: .fixed),
    ClientRedirects(client: .copilotCLI, uris: ["http://127.0.0.1:PORT/"], port: .any),
  ]

  package static func of(_ client: MCPClient) -> ClientRedirects? { all.first { $0.client == client } }

  /// One line for a table.
  package var summary: String {
    let text = "\(client.name): \(uris.joined(separator: ", "))"
    return switch port {
    case .fixed: text
    case .chosen(let setting): "\(text) (the port is fixed by \(setting))"
    case .any: "\(text) (any port)"
    }
  }
}
