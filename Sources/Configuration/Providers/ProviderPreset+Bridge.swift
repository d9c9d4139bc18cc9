extension ProviderPreset {
  /// Defaults of the fields of the same names of a bridge to such a provider.
  struct BridgeValues {
    var tokens = BridgeConfiguration.Tokens.passthrough
    var wrappedClaims = BridgeConfiguration.WrappedClaims.accessToken
    var extraScopes: [String] = []
    var droppedScopes: [String] = []
    var authorizationParameters: [String: String] = [:]
    var refreshWithScope = false
    /// Whether nobody but the provider can read its access tokens.
    var tokensAreOpaque = false
    /// Whether scopes are called by the identifier of their API, which is one of `allowed_audience`.
    var prefixesScopesByAudience = false
    /// Whether `audience` is one of `allowed_audience`.
    var asksForAudience = false
  }

  var bridgeValues: BridgeValues {
    switch self {
    case .entra: BridgeValues(refreshWithScope: true, prefixesScopesByAudience: true)
    // Refresh tokens come without asking; the scope is unknown there, and an error.
    case .cognito: BridgeValues(droppedScopes: ["offline_access"])
    // Without an audience tokens are opaque.
    case .auth0: BridgeValues(asksForAudience: true)
    // Access tokens are opaque, and refresh tokens come with access_type, each time with prompt only.
    case .google:
      BridgeValues(
        tokens: .wrap, wrappedClaims: .idToken, extraScopes: ["openid", "email"], droppedScopes: ["offline_access"],
        authorizationParameters: ["access_type": "offline", "prompt": "consent"],
        tokensAreOpaque: true)
    case .okta, .keycloak, .ping, .workos, .descope, .generic: BridgeValues()
    }
  }
}
