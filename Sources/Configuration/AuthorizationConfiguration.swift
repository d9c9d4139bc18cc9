/// `authorization` of a route: whose tokens it accepts. The kinds of condition are joined by AND, the values
/// of one kind by OR, as in AgentCore's `customJWTAuthorizer`.
package struct AuthorizationConfiguration: Equatable, Sendable {
  package let discoveryURL: WebURL
  /// Compared with `iss` and with the discovery document byte by byte (GW-23, GW-43).
  package let issuer: String
  /// Empty: `aud` is not checked.
  package let allowedAudience: [String]
  /// Empty: the client is not checked.
  package let allowedClients: [String]
  /// Empty: scopes are not checked.
  package let allowedScopes: [String]
  /// What clients are told to ask for in place of a scope of `allowedScopes`.
  package let advertisedScopeMapping: [String: String]
  package let customClaims: [ClaimRule]
  /// Leeway for `exp` and `nbf` (GW-44).
  package let clockSkew: Duration
  /// Whether http towards a provider is accepted beyond loopback.
  package let allowPlaintextProvider: Bool
  /// PEM, the authorities that may have issued the provider's certificate. Nil: the system's.
  package let providerCA: String?
  /// Whether a token must be bound to the client's certificate (`cnf` with `x5t#S256`, RFC 8705 §3).
  package let certificateBoundTokens: Bool
  /// Subjects of client certificates as RFC 2253 text; empty: not checked.
  package let allowedCertificateSubjects: [String]
  /// Verified tokens that are remembered; 0 turns the cache off.
  package let tokenCacheEntries: Int

  /// `allowedScopes` as clients know them, in the same order.
  package var advertisedScopes: [String] {
    allowedScopes.map { advertisedScopeMapping[$0] ?? $0 }
  }

  init?(_ mapping: MappingReader) {
    let discovery = mapping.required("discovery_url", .discoveryURL)
    let issuer = mapping.value("issuer", .issuer)
    allowedAudience = mapping.list("allowed_audience", .text) ?? []
    allowedClients = mapping.list("allowed_clients", .text) ?? []
    allowedScopes = mapping.list("allowed_scopes", .scope) ?? []
    advertisedScopeMapping = mapping.dictionary("advertised_scope_mapping", .scope, .scope)
    customClaims = mapping.sections("custom_claims", ClaimRule.init) ?? []
    clockSkew = mapping.value("clock_skew", .duration(.zero ... .minutes(5)), default: .minutes(1))
    allowPlaintextProvider = mapping.value("allow_plaintext_provider", .bool, default: false)
    providerCA = mapping.value("provider_ca", .filePath(example: "/etc/portcullis/idp-ca.pem"))
    certificateBoundTokens = mapping.value("certificate_bound_tokens", .bool, default: false)
    allowedCertificateSubjects = mapping.list("allowed_certificate_subjects", .certificateSubject) ?? []
    tokenCacheEntries = mapping.value("token_cache_entries", .integer(0...10_000_000), default: 16_384)
    Self.checkBinding(mapping)
    Self.checkScopes(mapping, allowed: allowedScopes, mapped: advertisedScopeMapping)
    guard let discovery else { return nil }
    Self.checkTransport(mapping, discovery.url, plaintext: allowPlaintextProvider)
    guard let issuer = issuer ?? discovery.issuer else {
      if !mapping.contains("issuer") {
        mapping.failMissing(
          "issuer",
          remedy: "The discovery URL has a path on both sides of /.well-known/, so give the issuer itself.")
      }
      return nil
    }
    discoveryURL = discovery.url
    self.issuer = issuer
  }

  /// A token must be bound to this route by its audience, or at least to a client (GW-46).
  private static func checkBinding(_ mapping: MappingReader) {
    guard !["allowed_audience", "allowed_clients", "custom_claims"].contains(where: mapping.contains) else {
      return
    }
    mapping.report(
      Fault(
        "any token of this provider would be accepted, whomever it was issued for",
        remedy: "Add allowed_audience (best), allowed_clients, or custom_claims that name the client."))
  }

  private static func checkScopes(_ mapping: MappingReader, allowed: [String], mapped: [String: String]) {
    for scope in mapped.keys where !allowed.contains(scope) {
      mapping.report(
        Fault(
          "\(quoted(scope)) is not in allowed_scopes",
          remedy: "Map a scope that tokens carry (left) to the one that clients ask for (right)."),
        at: "advertised_scope_mapping", name: scope)
    }
    for (index, scope) in allowed.enumerated() {
      guard let fault = MetadataConfiguration.doubt(aboutAdvertising: mapped[scope] ?? scope) else {
        continue
      }
      if mapped[scope] != nil {
        mapping.report(fault, at: "advertised_scope_mapping", name: scope, severity: .warning)
      } else {
        mapping.report(fault, at: "allowed_scopes", index: index, severity: .warning)
      }
    }
  }

  private static func checkTransport(_ mapping: MappingReader, _ url: WebURL, plaintext: Bool) {
    guard url.scheme == .http && !url.isLoopback && !plaintext else { return }
    mapping.report(
      Fault(
        "keys fetched over plain http can be replaced on the way",
        remedy: "Use https or a loopback address, or set allow_plaintext_provider: true on a network you trust."),
      at: "discovery_url")
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("discovery_url", discoveryURL.description)
    yaml.string("issuer", issuer)
    yaml.strings("allowed_audience", ifPresent: allowedAudience)
    yaml.strings("allowed_clients", ifPresent: allowedClients)
    yaml.strings("allowed_scopes", ifPresent: allowedScopes)
    if !advertisedScopeMapping.isEmpty {
      yaml.section("advertised_scope_mapping") { yaml in
        for (scope, advertised) in advertisedScopeMapping.sorted(by: { $0.key < $1.key }) {
          yaml.string(scope, advertised)
        }
      }
    }
    if !customClaims.isEmpty {
      yaml.sections("custom_claims", customClaims) { $1.write(to: &$0) }
    }
    yaml.plain("clock_skew", clockSkew.configurationText)
    yaml.plain("allow_plaintext_provider", allowPlaintextProvider)
    yaml.string("provider_ca", ifPresent: providerCA)
    yaml.plain("certificate_bound_tokens", certificateBoundTokens)
    yaml.strings("allowed_certificate_subjects", ifPresent: allowedCertificateSubjects)
    yaml.plain("token_cache_entries", tokenCacheEntries)
  }
}

extension ScalarFormat where Value == String {
  /// An issuer identifier (RFC 8414 §2), kept as it is written.
  static var issuer: Self {
    Self(expected: "an http or https URL without query and fragment", example: "https://idp.example.com") {
      text in
      guard ["https://", "http://"].contains(where: { text.hasPrefix($0) && text.count > $0.count }),
        CharacterClass.uri.contains(all: text), !text.contains("?")
      else { return nil }
      return text
    }
  }
}
