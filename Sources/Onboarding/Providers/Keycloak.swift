extension ProviderGuide {
  static let keycloak = ProviderGuide(
    title: "Keycloak",
    issuer: IssuerRule([.baseURL, .realm]) { facts in
      var base = facts[.baseURL] ?? ""
      while base.hasSuffix("/") { base.removeLast() }
      return "\(base)/realms/\(facts[.realm] ?? "")"
    },
    scopes: ["mcp:tools"], registersClients: true,
    bind: resourceAudience("What the audience mapper writes. Keycloak's tokens have no fitting audience without one."),
    steps: { facts in
      [
        "Client scopes > Create client scope: \(facts.scopeList), type Optional (or Default), \"Include in token scope\" on.",
        "Its Mappers > Configure a new mapper > Audience: Included Custom Audience "
          + "\(facts.audiences.first ?? facts.resource), \"Add to access token\" on.",
        "For clients that register by themselves: Clients > Client registration > Anonymous access policies: Trusted Hosts "
          + "and Allowed Client Scopes must let them and the scope in.",
        "Otherwise: Clients > Create client: OpenID Connect, Client authentication off, Standard flow; the redirect URIs "
          + "below; then Client scopes > Add the scope.",
      ]
    })
}
