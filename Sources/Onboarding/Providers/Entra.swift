import Configuration

extension ProviderGuide {
  static let entra = ProviderGuide(
    title: "Microsoft Entra ID",
    issuer: IssuerRule([.tenant]) { facts in "https://login.microsoftonline.com/\(facts[.tenant] ?? "")/v2.0" },
    scopes: ["mcp.tools"], registersClients: false,
    bind: { facts throws(InitFault) in
      if let tenant = facts.shortcuts[.tenant], !isGUID(tenant) {
        throw InitFault(
          .tenant, "tokens name the tenant by its ID, not as \(quoted(tenant))",
          remedy: "Give the Directory (tenant) ID, a GUID: the overview page of Entra ID shows it.")
      }
      if facts.audiences.isEmpty {
        throw InitFault(
          "--audience", "it is missing: Entra's tokens name the API's application",
          remedy: "Give its Application (client) ID, a GUID: \"App registrations\" shows it for the API.")
      }
      let prefix = applicationURI(facts)
      return TokenBinding(
        audience: facts.audiences.contains(prefix) ? facts.audiences : facts.audiences + [prefix],
        audienceComment:
          "The application of the API: its identifier in tokens of version 2, its URI in those of version 1.",
        scopeMapping: facts.scopes.filter { !$0.contains("/") }.map { ($0, "\(prefix)/\($0)") })
    },
    steps: { facts in
      [
        "App registrations > New registration, for the API. Its Application (client) ID is the GUID in allowed_audience.",
        "Its Manifest: requestedAccessTokenVersion is 2. Look again after saving.",
        "Expose an API: set the Application ID URI to \(applicationURI(facts)), exactly."
          + (facts.isLoopback
            ? " Clients that send resource fail with AADSTS9010010 all the same: only an https --public-url can be this URI."
            : ""),
        "Expose an API > Add a scope: \(facts.scopeList).",
        "App registrations > New registration, for the MCP client; Authentication > Mobile and desktop applications: add "
          + "the redirect URIs below; allow public client flows.",
        "API permissions of the client: add the API's scopes, and grant consent if users may not.",
      ]
    })

  /// Clients send the URL of the route as `resource`, which has to be this URI byte by byte. It cannot be on loopback.
  private static func applicationURI(_ facts: InitFacts) -> String {
    guard facts.isLoopback else { return facts.resource }
    let first = facts.audiences.first ?? ""
    return first.hasPrefix("api://") ? first : "api://\(first)"
  }

  private static func isGUID(_ text: String) -> Bool {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
  }
}
