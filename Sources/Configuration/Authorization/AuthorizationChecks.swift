/// What several keys of an entry of `authorization` show together.
struct AuthorizationChecks {
  let mapping: MappingReader
  let preset: ProviderPreset.Values

  /// - Parameter customClaims: those that are written, without the preset's.
  func run(customClaims: [ClaimRule], scopes: [String], mapped: [String: String], hierarchy: [String: [String]]) {
    checkBinding(customClaims)
    checkScopes(scopes, mapped)
    checkScopeRules()
    for cycle in ScopeHierarchy.cycles(in: hierarchy) {
      mapping.report(
        Fault(
          "scopes include each other in a circle: \(quoted(cycle.joined(separator: " → ")))",
          remedy: "Let the wider scope include the narrower one only."),
        at: "scope_hierarchy", name: cycle[0])
    }
  }

  /// A token must be bound to this route by its audience, or at least to a client (GW-46). What a preset asks of every
  /// token of its provider binds none.
  private func checkBinding(_ customClaims: [ClaimRule]) {
    let claimsBind =
      mapping.contains("custom_claims")
      && (customClaims.isEmpty || customClaims.contains { !preset.rules.contains($0) })
    guard !claimsBind, !["allowed_audience", "allowed_clients"].contains(where: mapping.contains) else { return }
    // ID tokens that anybody has are JWTs, too, also of providers whose access tokens are not.
    let besides =
      mapping.contains("bridge")
      ? " Tokens that a bridge wraps are bound by their seal, but the provider's own are accepted beside them: where "
        + "only wrapped ones are meant, allow the URL of the route as the audience, for which the provider issues none."
      : ""
    mapping.report(
      Fault(
        "any token of this provider would be accepted, whomever it was issued for",
        remedy: "Add allowed_audience (best), allowed_clients, or custom_claims that name the client." + besides))
  }

  private func checkScopes(_ allowed: [String], _ mapped: [String: String]) {
    for scope in mapped.keys where !allowed.contains(scope) {
      mapping.report(
        Fault(
          "\(quoted(scope)) is not in allowed_scopes",
          remedy: "Map a scope that tokens carry (left) to the one that clients, or the bridge, ask for (right)."),
        at: "advertised_scope_mapping", name: scope)
    }
    let mapped = mapping.contains("bridge") ? [:] : mapped
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

  private func checkScopeRules() {
    guard !mapping.contains("allowed_scopes") else { return }
    let given = ["scope_match", "scope_hierarchy"].filter(mapping.contains)
    for key in given where !mapping.holds(key, word: ScopeMatch.any.rawValue) {
      mapping.report(
        Fault("\(key) has no effect without allowed_scopes", remedy: "Add allowed_scopes, or remove it."),
        at: key, severity: .warning)
    }
  }
}
