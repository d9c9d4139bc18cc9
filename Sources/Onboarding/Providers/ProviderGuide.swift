import Configuration

/// What there is to know about a provider before its first token: how its issuer is called, what binds tokens to a
/// route, and what to do in its console.
struct ProviderGuide: Sendable {
  let title: String
  let issuer: IssuerRule
  /// The scopes of a configuration for which none were named.
  let scopes: [String]
  /// Whether MCP clients can register by themselves.
  let registersClients: Bool
  let bind: @Sendable (InitFacts) throws(InitFault) -> TokenBinding
  /// One sentence or two each, without numbers.
  let steps: @Sendable (InitFacts) -> [String]

  /// The scopes as clients ask for them.
  func advertised(_ facts: InitFacts) -> [String] {
    let mapping = (try? bind(facts))?.scopeMapping ?? []
    return facts.scopes.map { scope in mapping.first { $0.scope == scope }?.advertised ?? scope }
  }

  static func of(_ provider: ProviderPreset) -> ProviderGuide {
    switch provider {
    case .okta: .okta
    case .entra: .entra
    case .cognito: .cognito
    case .auth0: .auth0
    case .keycloak: .keycloak
    case .google: .google
    case .ping: .ping
    case .workos: .workos
    case .descope: .descope
    case .generic: .generic
    }
  }

  /// The audience is what was given, else the URL of the route.
  static func resourceAudience(_ comment: String) -> @Sendable (InitFacts) -> TokenBinding {
    { facts in
      TokenBinding(
        audience: facts.audiences.isEmpty ? [facts.resource] : facts.audiences, audienceComment: comment)
    }
  }
}
