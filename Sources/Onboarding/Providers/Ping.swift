extension ProviderGuide {
  static let ping = ProviderGuide(
    title: "PingOne",
    issuer: IssuerRule([.environment], optional: [.region]) { facts in
      "https://auth.pingone.\(facts[.region] ?? "com")/\(facts[.environment] ?? "")/as"
    },
    scopes: ["mcp:tools"], registersClients: false,
    bind: resourceAudience("The audience of the custom resource."),
    steps: { facts in
      [
        "Applications > Resources > Add: a custom resource with the audience \(facts.audiences.first ?? facts.resource).",
        "Its Scopes: add \(facts.scopeList).",
        "Applications > Applications > Add: Native, with PKCE S256 required and no client authentication; the redirect URIs "
          + "below.",
        "Tab Resources of the application: add the scopes. A token is for one custom resource only.",
        "Enable the application, and choose who may use it (Policies, Access).",
        "PingFederate and Advanced Identity Cloud have other issuers: give --issuer.",
      ]
    })
}
