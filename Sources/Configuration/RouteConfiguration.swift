/// An entry of `routes`: one MCP endpoint as clients see it, and what stands behind it.
package struct RouteConfiguration: Equatable, Sendable {
  /// Who may use a route. There is no default: an open route has to be spelled out.
  package enum Authorization: Equatable, Sendable {
    case anonymous
    /// The providers, of which the token's `iss` chooses one. Never empty; no two have the same issuer.
    case token([AuthorizationConfiguration])
  }

  /// How logs and metrics call the route.
  package let name: String
  /// Canonical and absolute; requests below it belong to the route too.
  package let path: String
  package let publicURL: WebURL
  package let upstream: UpstreamConfiguration
  package let authorization: Authorization
  /// Nil on an anonymous route, which has nothing to tell a client about tokens.
  package let metadata: MetadataConfiguration?
  package let identityHeaders: IdentityHeadersConfiguration
  /// Origins of browsers that may use the route besides its own (GW-70).
  package let allowedOrigins: [String]

  /// The URL that users paste into their clients; without a slash at the end, also for the path "/" (GW-25).
  package var location: String { Self.location(publicURL, path) }

  private static func location(_ publicURL: WebURL, _ path: String) -> String {
    path == "/" ? publicURL.origin : publicURL.origin + path
  }

  /// `publicURL` is the one of the whole gateway; nil when that one is faulty.
  init?(_ mapping: MappingReader, publicURL gatewayURL: WebURL?) {
    let path = mapping.required("path", .routePath)
    let name = mapping.value("name", .routeName)
    let publicURL = mapping.value("public_url", .publicURL) ?? gatewayURL
    let upstream = mapping.requiredSection(
      "upstream", remedy: "Add it with the url of the MCP server.",
      UpstreamConfiguration.init)
    let authorization = Self.authorization(mapping)
    let location = publicURL.flatMap { url in path.map { Self.location(url, $0) } }
    let metadata = Self.metadata(mapping, authorization, location: location)
    identityHeaders = mapping.section("identity_headers", IdentityHeadersConfiguration.init)
    allowedOrigins = mapping.list("allowed_origins", .origin, mayBeEmpty: true) ?? []
    guard let path, let publicURL, let upstream, let authorization else { return nil }
    self.name = name ?? path
    self.path = path
    self.publicURL = publicURL
    self.upstream = upstream
    self.authorization = authorization
    self.metadata = metadata
  }

  private static func authorization(_ mapping: MappingReader) -> Authorization? {
    guard !mapping.holds("authorization", word: "none") else { return .anonymous }
    var issuers: Set<String> = []
    return mapping.requiredSections(
      "authorization",
      remedy: "Add it with a discovery_url, or write \"authorization: none\" for an open route."
    ) { mapping in
      guard let provider = AuthorizationConfiguration(mapping) else { return nil }
      if !issuers.insert(provider.issuer).inserted {
        mapping.report(
          Fault(
            "\(provider.issuer) is the issuer of a provider above",
            remedy: "Put the conditions of one issuer into one entry."),
          at: "issuer")
      }
      return provider
    }.map(Authorization.token)
  }

  private static func metadata(
    _ mapping: MappingReader, _ authorization: Authorization?, location: String?
  ) -> MetadataConfiguration? {
    var scopes: [String] = []
    if case .token(let providers)? = authorization {
      for scope in providers.flatMap(\.advertisedScopes) where !scopes.contains(scope) { scopes.append(scope) }
    }
    let metadata = mapping.section("metadata") {
      MetadataConfiguration($0, location: location, advertisedScopes: scopes)
    }
    guard authorization == .anonymous else { return metadata }
    if mapping.contains("metadata") {
      mapping.report(
        Fault(
          "metadata has no effect on a route without authorization",
          remedy: "Remove it, or let the route require tokens."),
        at: "metadata", severity: .warning)
    }
    return nil
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("name", name)
    yaml.string("path", path)
    yaml.string("public_url", publicURL.description)
    yaml.section("upstream", upstream.write)
    switch authorization {
    case .anonymous: yaml.plain("authorization", "none")
    case .token(let providers):
      if let only = providers.first, providers.count == 1 {
        yaml.section("authorization", only.write)
      } else {
        yaml.sections("authorization", providers) { $1.write(to: &$0) }
      }
    }
    if let metadata { yaml.section("metadata", metadata.write) }
    yaml.section("identity_headers", identityHeaders.write)
    yaml.strings("allowed_origins", allowedOrigins)
  }
}
