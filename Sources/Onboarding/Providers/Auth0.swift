extension ProviderGuide {
  static let auth0 = ProviderGuide(
    title: "Auth0", issuer: IssuerRule([.domain]) { facts in "https://\(facts[.domain] ?? "")/" },
    scopes: ["mcp:tools"], registersClients: true,
    bind: resourceAudience("The identifier of the API. Without an API, Auth0's tokens are opaque and refused."),
    steps: { facts in
      [
        "Applications > APIs > Create API: identifier \(facts.audiences.first ?? facts.resource), signing algorithm RS256.",
        "Its Permissions: add \(facts.scopeList).",
        "Settings > Advanced: switch on the Resource Parameter Compatibility Profile, so that `resource` chooses the API.",
        "For clients that register by themselves: Settings > Advanced > Dynamic Client Registration; and promote the "
          + "connections that they may use to the domain level.",
        "Otherwise: Applications > Create Application > Native, with the redirect URIs below as callback URLs.",
      ]
    })
}
