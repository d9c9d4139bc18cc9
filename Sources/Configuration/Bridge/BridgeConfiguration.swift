/// An entry of `bridges`: an authorization server of the gateway's own (RFC 8414) that lets MCP clients register and
/// sends people on to a provider, at which the gateway itself is the client.
package struct BridgeConfiguration: Equatable, Sendable {
  /// What MCP clients get as their access token.
  package enum Tokens: String, CaseIterable, Sendable {
    /// The provider's own.
    case passthrough
    /// One that the gateway seals, with claims that it has verified.
    case wrap
  }

  /// Where the claims of a wrapped token come from.
  package enum WrappedClaims: String, CaseIterable, Sendable {
    /// The provider's access token: a JWT, or one that is introspected.
    case accessToken = "access_token"
    /// The ID token (OpenID Connect Core §2).
    case idToken = "id_token"
  }

  /// What entries of `authorization` call it; in logs and in the names of cookies.
  package let name: String
  /// In the form of a route's path; "/" when the issuer is the origin itself.
  package let path: String
  package let publicURL: WebURL
  package let sealingKeys: SealingKeysConfiguration
  /// The gateway's own client at the provider.
  package let clientID: String
  /// Nil: a public client.
  package let clientAuthentication: ClientAuthentication?
  package let tokens: Tokens
  /// Without meaning unless `tokens` is `.wrap`.
  package let wrappedClaims: WrappedClaims
  /// The longest life of a wrapped token.
  package let wrappedTokenLifetime: Duration
  /// How long a sealed refresh token can be opened. The provider's inside of it may end before.
  package let refreshTokenLifetime: Duration
  /// What stands before bare scopes at the provider; see `providerScope`.
  package let scopePrefix: String?
  /// Scopes that the provider is always asked for.
  package let extraScopes: [String]
  /// Scopes that the provider is never asked for.
  package let droppedScopes: [String]
  /// `resource` towards the provider (RFC 8707 §2). Nil: none is sent.
  package let resource: String?
  /// `audience` of authorization requests, which some providers want in place of `resource`. Nil: none is sent.
  package let audience: String?
  /// Added to authorization requests.
  package let authorizationParameters: [String: String]
  /// Whether refresh requests repeat the scopes.
  package let refreshWithScope: Bool
  /// Nil: from the provider's metadata.
  package let authorizationEndpoint: WebURL?
  /// Nil: from the provider's metadata.
  package let tokenEndpoint: WebURL?
  /// Nil: from the provider's metadata, which may have none.
  package let revocationEndpoint: WebURL?
  /// MCP clients that need not register. No two have the same identifier.
  package let clients: [BridgeClientConfiguration]
  /// Whether clients can register (RFC 7591).
  package let registration: Bool
  /// Registrations in a minute for each client address (IPv6: each /64).
  package let registrationLimit: Int
  /// How long the identifier of a registered client is good.
  package let registrationLifetime: Duration
  package let clientMetadataDocuments: ClientDocumentsConfiguration
  /// How long a browser is not asked again about a client. Zero: it is always asked.
  package let rememberConsent: Duration

  /// The issuer identifier (RFC 8414 §2).
  package var issuer: String { publicURL.origin + prefix }

  /// What stands before the names of the endpoints: the path, and nothing for "/".
  package var prefix: String { path == "/" ? "" : path }

  /// - Parameters:
  ///   - publicURL: the gateway's; nil when it is faulty.
  ///   - routes: those whose entries of `authorization` may name this bridge.
  init?(_ mapping: MappingReader, publicURL gatewayURL: WebURL?, routes: [LocatedRoute]) {
    let name = mapping.required("name", .bridgeName)
    let entries = routes.flatMap(\.entries).map(\.rules).filter { $0.bridge == name && name != nil }
    let defaults = BridgeDefaults(entries)
    path = mapping.value("path", .routePath, default: "/oauth")
    let publicURL = mapping.value("public_url", .publicURL) ?? gatewayURL
    let sealingKeys = SealingKeysConfiguration(mapping)
    let clientID = mapping.required("client_id", .text(maximum: 255))
    clientAuthentication = ClientAuthentication(mapping, isRequired: false)
    tokens = mapping.value("tokens", .word, default: defaults.values.tokens)
    let claims = mapping.value("wrapped_claims", .word, default: defaults.values.wrappedClaims)
    let lifetime = mapping.value("wrapped_token_lifetime", .duration(.minutes(1) ... .hours(24)), default: .hours(1))
    Self.checkWrapping(mapping, tokens)
    wrappedClaims = tokens == .wrap ? claims : defaults.values.wrappedClaims
    wrappedTokenLifetime = tokens == .wrap ? lifetime : .hours(1)
    refreshTokenLifetime = mapping.value(
      "refresh_token_lifetime", .duration(.hours(1) ... .days(730)), default: .days(90))
    let asked = BridgeScopes(mapping, defaults, identityToken: tokens == .wrap && wrappedClaims == .idToken)
    scopePrefix = asked.prefix
    extraScopes = asked.extra
    droppedScopes = asked.dropped
    resource = mapping.value("resource", .absoluteURI)
    audience = mapping.value("audience", .text) ?? (mapping.contains("resource") ? nil : defaults.audience)
    authorizationParameters = Self.parameters(mapping, default: defaults.values.authorizationParameters)
    refreshWithScope = mapping.value("refresh_with_scope", .bool, default: defaults.values.refreshWithScope)
    let endpoint = { mapping.endpoint($0, plaintext: defaults.allowsPlaintext) }
    authorizationEndpoint = endpoint("authorization_endpoint")
    tokenEndpoint = endpoint("token_endpoint")
    revocationEndpoint = endpoint("revocation_endpoint")
    clients = BridgeClientConfiguration.list(mapping)
    registration = mapping.value("registration", .bool, default: true)
    registrationLimit = mapping.value("registration_limit", .integer(1...1_000_000), default: 30)
    registrationLifetime = mapping.value(
      "registration_lifetime", .duration(.hours(1) ... .days(3650)), default: .days(365))
    clientMetadataDocuments = mapping.section("client_metadata_documents", ClientDocumentsConfiguration.init)
    rememberConsent = mapping.value("remember_consent", .duration(.zero ... .days(365)), default: .days(30))
    guard let name, let publicURL, let sealingKeys, let clientID else { return nil }
    self.name = name
    self.publicURL = publicURL
    self.sealingKeys = sealingKeys
    self.clientID = clientID
  }

  private static func checkWrapping(_ mapping: MappingReader, _ tokens: Tokens) {
    for key in ["wrapped_claims", "wrapped_token_lifetime"] where tokens != .wrap && mapping.contains(key) {
      mapping.report(
        Fault("\(key) has no effect without \"tokens: wrap\"", remedy: "Write tokens: wrap, or remove it."),
        at: key, severity: .warning)
    }
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("name", name)
    yaml.string("path", path)
    yaml.string("public_url", publicURL.description)
    sealingKeys.write(to: &yaml)
    yaml.string("client_id", clientID)
    clientAuthentication?.write(to: &yaml)
    yaml.plain("tokens", tokens.rawValue)
    if tokens == .wrap {
      yaml.plain("wrapped_claims", wrappedClaims.rawValue)
      yaml.plain("wrapped_token_lifetime", wrappedTokenLifetime.configurationText)
    }
    yaml.plain("refresh_token_lifetime", refreshTokenLifetime.configurationText)
    yaml.string("scope_prefix", ifPresent: scopePrefix)
    yaml.strings("extra_scopes", extraScopes)
    yaml.strings("dropped_scopes", droppedScopes)
    yaml.string("resource", ifPresent: resource)
    yaml.string("audience", ifPresent: audience)
    if authorizationParameters.isEmpty {
      yaml.plain("authorization_parameters", "{}")
    } else {
      yaml.dictionary("authorization_parameters", ifPresent: authorizationParameters) { $0.string($1, $2) }
    }
    yaml.plain("refresh_with_scope", refreshWithScope)
    yaml.string("authorization_endpoint", ifPresent: authorizationEndpoint?.description)
    yaml.string("token_endpoint", ifPresent: tokenEndpoint?.description)
    yaml.string("revocation_endpoint", ifPresent: revocationEndpoint?.description)
    if !clients.isEmpty { yaml.sections("clients", clients) { $1.write(to: &$0) } }
    yaml.plain("registration", registration)
    yaml.plain("registration_limit", registrationLimit)
    yaml.plain("registration_lifetime", registrationLifetime.configurationText)
    yaml.section("client_metadata_documents", clientMetadataDocuments.write)
    yaml.plain("remember_consent", rememberConsent.configurationText)
  }
}
