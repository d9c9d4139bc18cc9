/// What people do besides writing the configuration.
struct Guidance {
  /// Stands for a client identifier that is not known yet.
  static let unknownClient = "YOUR_CLIENT_ID"

  let guide: ProviderGuide
  let facts: InitFacts
  /// What users call the server.
  let server: String

  var text: String { [steps, redirects, snippets].joined(separator: "\n\n") + "\n" }

  private var steps: String {
    let lines = guide.steps(facts).enumerated().map { "  \($0.offset + 1). \($0.element)" }
    return "\(guide.title), step by step:\n\n\(lines.joined(separator: "\n"))"
  }

  private var redirects: String {
    let who = guide.registersClients ? "Clients that cannot register by themselves need" : "Register with your client"
    let lines = ClientRedirects.all.map { "  \($0.summary)" }
    return "\(who) the redirect URIs of those that are used:\n\n\(lines.joined(separator: "\n"))"
  }

  private var snippets: String {
    let endpoint = ClientSnippet.Endpoint(
      name: server, url: facts.resource,
      clientID: facts.clientID ?? (guide.registersClients ? nil : Self.unknownClient), scopes: guide.advertised(facts))
    let all = ClientSnippet.all(for: endpoint).map { $0.rendered(indentation: "  ") }.joined(separator: "\n\n")
    let hint =
      endpoint.clientID == Self.unknownClient
      ? "Replace \(Self.unknownClient) by the identifier of the client that you register (or give --client-id).\n\n"
      : ""
    return "Settings of MCP clients:\n\n\(hint)\(all)"
  }
}
