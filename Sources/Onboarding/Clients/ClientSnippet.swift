import JSON

/// What to write where, so that an MCP client uses a route. The one place that knows it: `init` and the demo print it.
package struct ClientSnippet: Equatable, Sendable {
  /// A route as clients are told of it.
  package struct Endpoint: Sendable {
    /// What users call the server.
    package let name: String
    package let url: String
    /// Of the client that was registered by hand; nil: clients register by themselves.
    package let clientID: String?
    /// To ask for; used where a client must be told.
    package let scopes: [String]

    package init(name: String, url: String, clientID: String? = nil, scopes: [String] = []) {
      self.name = name
      self.url = url
      self.clientID = clientID
      self.scopes = scopes
    }
  }

  package let client: MCPClient
  /// The file to write to, or what to do with the text.
  package let place: String
  package let text: String
  /// What comes after; empty when nothing does.
  package let next: String

  /// For every client that is configured by text.
  package static func all(for endpoint: Endpoint) -> [ClientSnippet] {
    [
      kiro(endpoint), claudeCode(endpoint), vsCode(endpoint), cursor(endpoint), codex(endpoint), geminiCLI(endpoint),
      mcpRemote(endpoint),
    ]
  }

  /// A heading and the text, which is indented further.
  package func rendered(indentation: String) -> String {
    let heading = "\(indentation)\(client.name) (\(place))\(next.isEmpty ? "" : ", then: \(next)"):"
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "\(indentation)  \($0)" }
    return "\(heading)\n\n\(lines.joined(separator: "\n"))"
  }

  private static func servers(_ key: String, _ endpoint: Endpoint, _ settings: JSONObject) -> String {
    SnippetJSON.text([key: .object([endpoint.name: .object(settings)])])
  }

  private static func kiro(_ endpoint: Endpoint) -> ClientSnippet {
    var settings: JSONObject = ["url": .string(endpoint.url)]
    if let clientID = endpoint.clientID {
      settings["oauth"] = ["clientId": .string(clientID), "redirectUri": "127.0.0.1:\(ClientRedirects.port)"]
      if !endpoint.scopes.isEmpty { settings["oauthScopes"] = JSONValue(endpoint.scopes) }
    }
    return ClientSnippet(
      client: .kiro, place: ".kiro/settings/mcp.json", text: servers("mcpServers", endpoint, settings), next: "")
  }

  private static func claudeCode(_ endpoint: Endpoint) -> ClientSnippet {
    let registered = endpoint.clientID.map {
      " --client-id \(shellWord($0)) --callback-port \(ClientRedirects.port)"
    }
    let text =
      "claude mcp add --transport http\(registered ?? "") \(shellWord(endpoint.name)) \(shellWord(endpoint.url))"
    return ClientSnippet(client: .claudeCode, place: "in a shell", text: text, next: "/mcp in Claude Code")
  }

  private static func vsCode(_ endpoint: Endpoint) -> ClientSnippet {
    var settings: JSONObject = ["type": "http", "url": .string(endpoint.url)]
    if let clientID = endpoint.clientID { settings["oauth"] = ["clientId": .string(clientID)] }
    return ClientSnippet(
      client: .vsCode, place: ".vscode/mcp.json", text: servers("servers", endpoint, settings), next: "")
  }

  private static func cursor(_ endpoint: Endpoint) -> ClientSnippet {
    var settings: JSONObject = ["url": .string(endpoint.url)]
    if let clientID = endpoint.clientID {
      var auth: JSONObject = ["CLIENT_ID": .string(clientID)]
      if !endpoint.scopes.isEmpty { auth["scopes"] = JSONValue(endpoint.scopes) }
      settings["auth"] = .object(auth)
    }
    return ClientSnippet(
      client: .cursor, place: ".cursor/mcp.json", text: servers("mcpServers", endpoint, settings), next: "")
  }

  private static func codex(_ endpoint: Endpoint) -> ClientSnippet {
    let table = "mcp_servers.\(tomlKey(endpoint.name))"
    var lines = ["[\(table)]", "url = \(SnippetJSON.string(endpoint.url))"]
    if let clientID = endpoint.clientID {
      lines.insert(contentsOf: ["mcp_oauth_callback_port = \(ClientRedirects.port)", ""], at: 0)
      lines += ["", "[\(table).oauth]", "client_id = \(SnippetJSON.string(clientID))"]
    }
    return ClientSnippet(
      client: .codex, place: "~/.codex/config.toml", text: lines.joined(separator: "\n"),
      next: "codex mcp login \(shellWord(endpoint.name))")
  }

  private static func geminiCLI(_ endpoint: Endpoint) -> ClientSnippet {
    var settings: JSONObject = ["httpUrl": .string(endpoint.url)]
    if let clientID = endpoint.clientID {
      var oauth: JSONObject = ["enabled": true, "clientId": .string(clientID)]
      if !endpoint.scopes.isEmpty { oauth["scopes"] = JSONValue(endpoint.scopes) }
      settings["oauth"] = .object(oauth)
    }
    return ClientSnippet(
      client: .geminiCLI, place: "~/.gemini/settings.json", text: servers("mcpServers", endpoint, settings), next: "")
  }

  private static func mcpRemote(_ endpoint: Endpoint) -> ClientSnippet {
    var arguments = ["-y", "mcp-remote", endpoint.url]
    if let clientID = endpoint.clientID {
      let client: JSONValue = ["client_id": .string(clientID)]
      arguments += ["--static-oauth-client-info", String(decoding: client.serialized(), as: UTF8.self)]
    }
    let settings: JSONObject = ["command": "npx", "args": JSONValue(arguments)]
    return ClientSnippet(
      client: .mcpRemote, place: "clients that only start programs",
      text: servers("mcpServers", endpoint, settings), next: "")
  }

  /// As it is where no shell reads more into it, else in single quotes.
  private static func shellWord(_ text: String) -> String {
    text.isPlain(and: "-_./:@%+=") ? text : "'\(text.replacing("'", with: #"'\''"#))'"
  }

  private static func tomlKey(_ text: String) -> String {
    text.isPlain(and: "-_") ? text : SnippetJSON.string(text)
  }
}
