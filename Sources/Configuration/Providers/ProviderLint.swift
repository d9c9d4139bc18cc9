/// What is known to go wrong with the provider that an entry of `authorization` names.
struct ProviderLint {
  let mapping: MappingReader
  let rules: AuthorizationConfiguration

  func run() {
    switch rules.provider {
    case .okta: okta()
    case .entra: entra()
    case .cognito: cognito()
    case .auth0: auth0()
    case .keycloak: keycloak()
    case .google: google()
    case .ping, .workos, .descope, .generic: break
    }
  }

  var issuer: WebURL? { WebURL(rules.issuer) }
  /// Where the issuer is written, or what it follows from.
  private var issuerKey: String { mapping.contains("issuer") ? "issuer" : "discovery_url" }
  var discoveryURL: WebURL? { mapping.contains("discovery_url") ? rules.discoveryURLs.first : nil }

  func warn(_ key: String, _ message: String, remedy: String) {
    mapping.report(Fault(message, remedy: remedy), at: key, severity: .warning)
  }

  private func okta() {
    guard let issuer, !issuer.path.hasPrefix("/oauth2/") else { return }
    warn(
      issuerKey, "access tokens of Okta's org authorization server are for Okta's own APIs only",
      remedy: "Use a custom authorization server, such as \(issuer.origin)/oauth2/default.")
  }

  private func cognito() {
    if let issuer, issuer.host.hasSuffix(".amazoncognito.com") {
      warn(
        issuerKey, "this is where users sign in; Cognito's tokens come from the pool",
        remedy: "Write https://cognito-idp.REGION.amazonaws.com/POOL with the region and the ID of the pool.")
    }
    if mapping.contains("allowed_audience") && !mapping.contains("allowed_clients") {
      warn(
        "allowed_audience", "Cognito puts aud only into access tokens that a client asks for with resource (RFC 8707)",
        remedy: "Make sure that the pool's plan and the clients support it, and name the clients in allowed_clients; "
          + "or name them instead.")
    }
  }

  private func auth0() {
    guard mapping.contains("issuer"), !rules.issuer.hasSuffix("/") else { return }
    mapping.report(
      Fault(
        "Auth0's issuer ends with a slash, so no token could match this one", remedy: "Write \(rules.issuer)/"),
      at: "issuer")
  }

  private func keycloak() {
    guard !mapping.contains("allowed_audience") else { return }
    warn(
      "allowed_audience", "tokens that Keycloak issues for other APIs are accepted, too",
      remedy: "Add a mapper of the type \"Audience\" to a client scope, and its audience here.")
  }

  private func google() {
    if let introspection = rules.introspection {
      guard introspection.endpoint == nil else { return }
      mapping.report(
        Fault("Google has no introspection endpoint", remedy: "Remove introspection, or give its endpoint."),
        at: "introspection")
    } else if rules.bridge == nil {
      warn(
        "provider", "Google's access tokens are opaque and cannot be introspected, so none of them is accepted",
        remedy: "Let a provider that issues JWTs, such as Keycloak or Auth0, sign people in with Google, "
          + "and name that one here.")
    }
  }
}
