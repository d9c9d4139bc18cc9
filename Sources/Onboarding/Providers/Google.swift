extension ProviderGuide {
  static let google = ProviderGuide(
    title: "Google", issuer: IssuerRule([]) { _ in "https://accounts.google.com" },
    scopes: [], registersClients: false,
    bind: { facts throws(InitFault) in
      if facts.audiences.isEmpty && facts.clientID == nil {
        throw InitFault(
          "--client-id", "it is missing: it is the audience of the JWTs that Google issues",
          remedy: "Give the Client ID from Google Auth Platform > Clients; it ends with .apps.googleusercontent.com.")
      }
      return TokenBinding(
        audience: facts.audiences.isEmpty ? facts.clientID.map { [$0] } ?? [] : facts.audiences,
        audienceComment: "JWTs of Google name the client as their audience.")
    },
    steps: { _ in
      [
        "Know first: Google's access tokens (ya29…) are opaque, and Google does not introspect them (RFC 7662). MCP clients "
          + "send those, and the gateway refuses them with the reason malformed.",
        "So put a provider that issues JWTs in between (Keycloak, Auth0, WorkOS and others can sign people in with Google), "
          + "and run init for that one.",
        "This configuration serves only callers that send a JWT with the issuer https://accounts.google.com, such as a "
          + "service account with a token made for this audience.",
      ]
    })
}
