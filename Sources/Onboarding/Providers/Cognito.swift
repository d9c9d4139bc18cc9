extension ProviderGuide {
  static let cognito = ProviderGuide(
    title: "Amazon Cognito",
    issuer: IssuerRule([.region, .userPool]) { facts in
      "https://cognito-idp.\(facts[.region] ?? "").amazonaws.com/\(facts[.userPool] ?? "")"
    },
    scopes: ["mcp/tools"], registersClients: false,
    bind: { facts throws(InitFault) in
      if facts.audiences.isEmpty && facts.clientID == nil {
        throw InitFault(
          "--client-id", "it is missing: Cognito's tokens as a rule have no audience, so the client must be known",
          remedy:
            "Give the Client ID of the app client; or --audience, where clients send resource and the pool honours "
            + "it.")
      }
      return TokenBinding(
        audience: facts.audiences, audienceComment: "Only tokens that were asked for with `resource` carry an audience."
      )
    },
    steps: { facts in
      [
        "User pool > Branding > Domain: the pool needs a domain, where people sign in.",
        "Branding > Domain > Resource servers: create one for each part of a scope in front of the last slash, with the "
          + "part behind it as custom scope: \(facts.scopeList).",
        "Applications > App clients > Create: Mobile app or Single-page application, which has no secret. Its Client ID "
          + "goes into allowed_clients.",
        "Login pages of the app client: add the redirect URIs below with their ports, grant type Authorization code, and "
          + "the custom scopes.",
        "Fix the port in your users' clients: Cognito compares redirect URIs with their port.",
      ]
    })
}
