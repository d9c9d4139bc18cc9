extension ProviderGuide {
  static let descope = ProviderGuide(
    title: "Descope",
    issuer: IssuerRule([.project], optional: [.mcpServer]) { facts in
      let project = facts[.project] ?? ""
      return facts[.mcpServer].map { "https://api.descope.com/v1/apps/agentic/\(project)/\($0)" }
        ?? "https://api.descope.com/\(project)"
    },
    scopes: ["mcp:tools"], registersClients: true,
    bind: { facts in
      var audience = facts.audiences
      if audience.isEmpty {
        // Tokens of an MCP server's own issuer carry the project; there the issuer tells the servers apart.
        let project = facts.issuer.contains("/agentic/") ? facts.shortcuts[.project] : nil
        audience = [facts.resource] + (project.map { [$0] } ?? [])
      }
      return TokenBinding(
        audience: audience, audienceComment: "The resource, or the project for tokens of an MCP server's own issuer.")
    },
    steps: { facts in
      [
        "Agentic Identity Hub > MCP Servers: create one for \(facts.resource), with the scopes \(facts.scopeList).",
        "Its Connection Information shows the issuer: compare it with \(facts.issuer). Give --mcp-server, or --issuer, if "
          + "it differs.",
        "Its client registration: switch on Client ID Metadata Documents, and Dynamic Client Registration for clients that "
          + "know nothing newer.",
      ]
    })
}
