extension ProviderGuide {
  static let okta = ProviderGuide(
    title: "Okta",
    issuer: IssuerRule([.domain], optional: [.authorizationServer]) { facts in
      "https://\(facts[.domain] ?? "")/oauth2/\(facts[.authorizationServer] ?? "default")"
    },
    scopes: ["mcp:tools"], registersClients: false,
    bind: { facts in
      let standard = facts.issuer.hasSuffix("/oauth2/default") ? "api://default" : facts.resource
      return TokenBinding(
        audience: facts.audiences.isEmpty ? [standard] : facts.audiences,
        audienceComment: "The one audience of the authorization server, whatever clients ask for.")
    },
    steps: { facts in
      [
        "Security > API > Authorization Servers: open the one with the issuer \(facts.issuer). Its audience must be one of "
          + "allowed_audience.",
        "Tab Scopes: add \(facts.scopeList). Okta refuses sign-ins that ask for no scope.",
        "Applications > Create App Integration: OIDC, Native Application, grant types Authorization Code and Refresh "
          + "Token; client authentication none, PKCE required. Add the redirect URIs below, with their ports.",
        "Assign the application to the people or groups that may use it.",
        "Tab Access Policies of the authorization server: a rule that lets this client have \(facts.scopeList), openid and "
          + "offline_access; otherwise sign-in ends with \"Policy evaluation failed\".",
      ]
    })
}
