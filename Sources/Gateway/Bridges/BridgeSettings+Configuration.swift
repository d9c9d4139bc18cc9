import Bridge
import Configuration
import Identity
import JOSE
import Outbound

// A bridge's configuration in the terms of the module that uses it.

extension BridgeSettings {
  /// - Parameter routes: those whose entries of `authorization` name the bridge; never empty.
  init(
    _ configuration: BridgeConfiguration, _ limits: LimitsConfiguration, provider: BridgedProvider,
    routes: [BridgedRoute]
  ) {
    self.init(
      name: configuration.name, issuer: configuration.issuer, path: configuration.prefix,
      isSecure: configuration.publicURL.scheme == .https, routes: routes, provider: provider,
      tokens: BridgeTokens(configuration), refreshTokenLifetime: configuration.refreshTokenLifetime.asSeconds,
      consentLifetime: configuration.rememberConsent.asSeconds, clients: BridgeClientSettings(configuration, limits))
  }
}

extension BridgeTokens {
  init(_ configuration: BridgeConfiguration) {
    switch configuration.tokens {
    case .passthrough: self = .passthrough
    case .wrap:
      self = .wrap(
        claims: configuration.wrappedClaims == .idToken ? .identityToken : .accessToken,
        lifetime: configuration.wrappedTokenLifetime.asSeconds)
    }
  }
}

extension BridgeClientSettings {
  init(_ configuration: BridgeConfiguration, _ limits: LimitsConfiguration) {
    self.init()
    entered = configuration.clients.map {
      Entered(id: $0.clientID, name: $0.clientName, redirectURIs: $0.redirectURIs)
    }
    allowsRegistration = configuration.registration
    registrationLimit = configuration.registrationLimit
    failureLimit = limits.failedTokens
    registrationLifetime = configuration.registrationLifetime.asSeconds
    allowsDocuments = configuration.clientMetadataDocuments.isEnabled
  }
}

extension BridgedRoute {
  init(_ plan: RoutePlan, _ entry: AuthorizationConfiguration, _ bridge: BridgeConfiguration) {
    let names = entry.allowedScopes.map { ($0, bridge.providerScope($0, in: entry)) }
    let metadata = plan.configuration.metadata
    self.init(
      name: plan.configuration.name, resource: metadata?.resource ?? plan.location,
      title: metadata?.resourceName ?? plan.configuration.name, scopes: entry.advertisedScopes,
      providerScopes: Dictionary(names) { first, _ in first }, policy: TokenPolicy(entry))
  }
}

extension BridgedProvider {
  /// - Parameters:
  ///   - entry: one that names the bridge; all of them name the same provider.
  ///   - keyStore: that provider's.
  init(_ configuration: BridgeConfiguration, _ entry: AuthorizationConfiguration, _ keyStore: KeyStore)
    throws(StartFailure)
  {
    let authentication = try configuration.clientAuthentication.map { method throws(StartFailure) in
      try Identity.ClientAuthentication(method, id: configuration.clientID, issuer: entry.issuer)
    }
    self.init(
      keyStore: keyStore, issuer: entry.issuer, clientID: configuration.clientID, authentication: authentication)
    authorizationEndpoint = configuration.authorizationEndpoint?.description
    tokenEndpoint = configuration.tokenEndpoint?.description
    revocationEndpoint = configuration.revocationEndpoint?.description
    tls = try ProviderAccess.tls(entry)
    proxy = ProviderAccess.proxy(entry)
    allowsPlaintext = entry.allowPlaintextProvider
    scopePrefix = configuration.scopePrefix
    extraScopes = configuration.extraScopes
    droppedScopes = configuration.droppedScopes
    resource = configuration.resource
    audience = configuration.audience
    authorizationParameters = configuration.authorizationParameters.sorted { $0.key < $1.key }
      .map { (name: $0.key, value: $0.value) }
    refreshesWithScope = configuration.refreshWithScope
  }
}
