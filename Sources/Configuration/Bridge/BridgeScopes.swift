/// What a bridge does with the scopes that clients ask for.
struct BridgeScopes {
  let prefix: String?
  let extra: [String]
  let dropped: [String]

  /// - Parameter identityToken: whether an ID token is needed, which providers issue for `openid` (OpenID Connect Core
  ///   §3.1.2.1).
  init(_ mapping: MappingReader, _ defaults: BridgeDefaults, identityToken: Bool) {
    prefix = mapping.value("scope_prefix", .scope) ?? defaults.scopePrefix
    let writtenExtra = mapping.list("extra_scopes", .scope, mayBeEmpty: true)
    let writtenDropped = mapping.list("dropped_scopes", .scope, mayBeEmpty: true)
    // A list that is written wins over the default of the other.
    var extra = writtenExtra ?? defaults.values.extraScopes.filter { writtenDropped?.contains($0) != true }
    dropped = writtenDropped ?? defaults.values.droppedScopes.filter { writtenExtra?.contains($0) != true }
    let needed = identityToken ? ["openid"] : []
    for (index, scope) in (writtenDropped ?? []).enumerated() {
      let reason =
        needed.contains(scope)
        ? "wrapped_claims: id_token needs \(quoted(scope))"
        : extra.contains(scope) ? "\(quoted(scope)) is in extra_scopes, too" : nil
      guard let reason else { continue }
      mapping.report(Fault(reason, remedy: "Remove it here, or there."), at: "dropped_scopes", index: index)
    }
    extra.insert(contentsOf: needed.filter { !extra.contains($0) }, at: 0)
    self.extra = extra
  }
}

extension BridgeConfiguration {
  /// How a scope of a route is called at the provider: as `advertised_scope_mapping` says, else with `scopePrefix` when
  /// it is a bare name. OpenID's own and names that are URIs stay as they are.
  ///
  /// - Parameter entry: the one that names this bridge.
  package func providerScope(_ scope: String, in entry: AuthorizationConfiguration) -> String {
    if let name = entry.advertisedScopeMapping[scope] { return name }
    guard let scopePrefix, !Self.openIDScopes.contains(scope), !scope.contains("://"),
      !scope.hasPrefix(scopePrefix)
    else { return scope }
    return scopePrefix + scope
  }

  /// OpenID Connect Core §3.1.2.1, §5.4, §11.
  private static let openIDScopes: Set<String> = ["openid", "profile", "email", "address", "phone", "offline_access"]
}
