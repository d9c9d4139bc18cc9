extension ProviderGuide {
  static let generic = ProviderGuide(
    title: "Another provider", issuer: IssuerRule([]) { _ in nil },
    scopes: ["mcp:tools"], registersClients: true,
    bind: resourceAudience("What the provider puts into `aud` of tokens for this route."),
    steps: { facts in
      [
        "Make sure that the provider issues JWTs as access tokens, with the issuer \(facts.issuer) and the audience "
          + "\(facts.audiences.first ?? facts.resource).",
        "Define the scopes: \(facts.scopeList).",
        "Let MCP clients register by themselves (a client metadata document, or RFC 7591); or register one public client "
          + "with PKCE and give --client-id.",
      ]
    })
}
