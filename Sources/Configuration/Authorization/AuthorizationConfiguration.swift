/// An entry of `authorization` of a route: one provider whose tokens it accepts. The kinds of condition are joined by
/// AND, the values of one kind by OR, as in AgentCore's `customJWTAuthorizer`.
package struct AuthorizationConfiguration: Equatable, Sendable {
  /// What the defaults of the other fields follow from; nothing else does.
  package let provider: ProviderPreset
  let source: KeySource
  /// The longest time between two fetches of the keys.
  package let keysRefresh: Duration
  /// The forward proxy for everything that is fetched from the provider. Scheme `http`, no path.
  package let providerProxy: WebURL?
  /// Whether http towards a provider is accepted beyond loopback.
  package let allowPlaintextProvider: Bool
  /// PEM, the authorities that may have issued the provider's certificate. Nil: the system's.
  package let providerCA: String?
  /// JOSE names (RFC 7518 §3.1, RFC 8037 §3.1) of the signatures that are accepted; never empty.
  package let allowedAlgorithms: [String]
  package let tokenType: TokenTypeRule
  /// Claims that may hold the client; the first one that the token has counts.
  package let clientIDClaims: [String]
  /// Claims that may hold scopes.
  package let scopeClaims: [String]
  /// Empty: `aud` is not checked.
  package let allowedAudience: [String]
  /// Empty: the client is not checked.
  package let allowedClients: [String]
  /// Empty: scopes are not checked.
  package let allowedScopes: [String]
  /// How many of `allowedScopes` a token needs.
  package let scopeMatch: ScopeMatch
  /// From a scope to those that it includes, which may include further ones. Free of cycles.
  package let scopeHierarchy: [String: [String]]
  /// What the provider calls a scope of `allowedScopes`, and what clients are told to ask for unless there is a bridge.
  package let advertisedScopeMapping: [String: String]
  package let customClaims: [ClaimRule]
  /// Leeway for `exp` and `nbf` (GW-44).
  package let clockSkew: Duration
  /// Whether a token must be bound to the client's certificate (`cnf` with `x5t#S256`, RFC 8705 §3).
  package let certificateBoundTokens: Bool
  /// Subjects of client certificates as RFC 2253 text; empty: not checked.
  package let allowedCertificateSubjects: [String]
  /// Nil: tokens are not introspected.
  package let introspection: IntrospectionConfiguration?
  /// Nil: proofs are not looked at.
  package let dpop: DPoPConfiguration?
  /// The name of the bridge that signs people in at this provider. Nil: clients go to the provider themselves.
  package let bridge: String?
  /// Verified tokens that are remembered; 0 turns the cache off.
  package let tokenCacheEntries: Int
  /// Bytes that remembered tokens may take.
  package let tokenCacheSize: Int

  /// Compared with `iss` and with the discovery document byte by byte (GW-23, GW-43).
  package var issuer: String { source.issuer }
  /// Where the provider's metadata may be, in the order of trying; empty when the keys come from elsewhere.
  package var discoveryURLs: [WebURL] { source.discoveryURLs }
  package var jwksURI: WebURL? { source.jwksURI }
  /// The path of a JWK set (RFC 7517 §5).
  package var jwksFile: String? { source.jwksFile }

  /// `allowedScopes` as clients know them, in the same order. A bridge translates for them.
  package var advertisedScopes: [String] {
    bridge == nil ? allowedScopes.map(providerScope) : allowedScopes
  }

  /// What `advertisedScopeMapping` makes of a scope.
  package func providerScope(_ scope: String) -> String { advertisedScopeMapping[scope] ?? scope }

  init?(_ mapping: MappingReader) {
    provider = mapping.value("provider", .word, default: .generic)
    let preset = provider.values
    allowPlaintextProvider = mapping.value("allow_plaintext_provider", .bool, default: false)
    let source = KeySource(mapping, provider, plaintext: allowPlaintextProvider)
    keysRefresh = mapping.value("keys_refresh", .duration(.minutes(1) ... .hours(24)), default: .minutes(5))
    providerProxy = mapping.value("provider_proxy", .forwardProxy)
    providerCA = mapping.value("provider_ca", .filePath(example: "/etc/portcullis/idp-ca.pem"))
    allowedAlgorithms = SignatureAlgorithm.list(mapping, "allowed_algorithms", default: SignatureAlgorithm.allCases)
    tokenType = mapping.value("token_type", .word, default: .any)
    clientIDClaims = mapping.list("client_id_claims", .text(maximum: 255)) ?? preset.clientIDClaims
    scopeClaims = mapping.list("scope_claims", .text(maximum: 255)) ?? preset.scopeClaims
    allowedAudience = mapping.list("allowed_audience", .text) ?? []
    allowedClients = mapping.list("allowed_clients", .text) ?? []
    allowedScopes = mapping.list("allowed_scopes", .scope) ?? []
    scopeMatch = mapping.value("scope_match", .word, default: .any)
    scopeHierarchy = mapping.dictionary("scope_hierarchy", .scope) { $0.list($1, .scope) }
    advertisedScopeMapping = mapping.dictionary("advertised_scope_mapping", .scope) { $0.value($1, .scope) }
    let customClaims = mapping.sections("custom_claims", ClaimRule.init) ?? []
    self.customClaims = customClaims + preset.rules(missingIn: customClaims)
    clockSkew = mapping.value("clock_skew", .duration(.zero ... .minutes(5)), default: .minutes(1))
    certificateBoundTokens = mapping.value("certificate_bound_tokens", .bool, default: false)
    allowedCertificateSubjects = mapping.list("allowed_certificate_subjects", .certificateSubject) ?? []
    let plaintext = allowPlaintextProvider
    introspection = mapping.optionalSection("introspection") {
      IntrospectionConfiguration($0, hasDiscovery: source?.discoveryURLs.isEmpty != true, plaintext: plaintext)
    }
    dpop = mapping.optionalSection("dpop", DPoPConfiguration.init)
    bridge = mapping.value("bridge", .bridgeName)
    tokenCacheEntries = mapping.value("token_cache_entries", .integer(0...10_000_000), default: 16_384)
    tokenCacheSize = mapping.value("token_cache_size", .byteSize(1024...(1 << 36)), default: 64 << 20)
    AuthorizationChecks(mapping: mapping, preset: preset).run(
      customClaims: customClaims, scopes: allowedScopes, mapped: advertisedScopeMapping, hierarchy: scopeHierarchy)
    guard let source else { return nil }
    self.source = source
    ProviderLint(mapping: mapping, rules: self).run()
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.plain("provider", provider.rawValue)
    source.write(to: &yaml)
    yaml.plain("keys_refresh", keysRefresh.configurationText)
    yaml.string("provider_proxy", ifPresent: providerProxy?.description)
    yaml.plain("allow_plaintext_provider", allowPlaintextProvider)
    yaml.string("provider_ca", ifPresent: providerCA)
    yaml.strings("allowed_algorithms", allowedAlgorithms)
    yaml.plain("token_type", tokenType.rawValue)
    yaml.strings("client_id_claims", clientIDClaims)
    yaml.strings("scope_claims", scopeClaims)
    yaml.strings("allowed_audience", ifPresent: allowedAudience)
    yaml.strings("allowed_clients", ifPresent: allowedClients)
    yaml.strings("allowed_scopes", ifPresent: allowedScopes)
    yaml.plain("scope_match", scopeMatch.rawValue)
    yaml.dictionary("scope_hierarchy", ifPresent: scopeHierarchy) { $0.strings($1, $2) }
    yaml.dictionary("advertised_scope_mapping", ifPresent: advertisedScopeMapping) { $0.string($1, $2) }
    if !customClaims.isEmpty {
      yaml.sections("custom_claims", customClaims) { $1.write(to: &$0) }
    }
    yaml.plain("clock_skew", clockSkew.configurationText)
    yaml.plain("certificate_bound_tokens", certificateBoundTokens)
    yaml.strings("allowed_certificate_subjects", ifPresent: allowedCertificateSubjects)
    if let introspection { yaml.section("introspection", introspection.write) }
    if let dpop { yaml.section("dpop", dpop.write) }
    yaml.string("bridge", ifPresent: bridge)
    yaml.plain("token_cache_entries", tokenCacheEntries)
    yaml.plain("token_cache_size", ByteSizeFormat.text(tokenCacheSize))
  }
}
