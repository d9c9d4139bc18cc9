extension ProviderGuide {
  static let workos = ProviderGuide(
    title: "WorkOS AuthKit", issuer: IssuerRule([.domain]) { facts in "https://\(facts[.domain] ?? "")" },
    scopes: [], registersClients: true,
    bind: resourceAudience("The resource indicator that is registered at WorkOS."),
    steps: { facts in
      [
        "Connect > Configuration > MCP Auth: switch on Client ID Metadata Document, and Dynamic Client Registration for "
          + "clients that know nothing newer.",
        "There, under MCP resource indicators: add \(facts.audiences.first ?? facts.resource).",
        "The domain is shown there, too: NAME.authkit.app, or your own.",
      ]
    })
}
