/// What the entries of `authorization` that name a bridge say about it.
struct BridgeDefaults {
  /// Those of their preset.
  let values: ProviderPreset.BridgeValues
  let scopePrefix: String?
  let audience: String?
  /// Whether http beyond loopback is accepted towards the provider.
  let allowsPlaintext: Bool

  init(_ entries: [AuthorizationConfiguration]) {
    values = entries.first?.provider.bridgeValues ?? ProviderPreset.BridgeValues()
    allowsPlaintext = entries.isEmpty || entries.contains { $0.allowPlaintextProvider }
    let applications = Set(entries.flatMap(\.allowedAudience).filter { $0.hasPrefix("api://") })
    let application = values.prefixesScopesByAudience && applications.count == 1 ? applications.first : nil
    scopePrefix = application.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    // Tokens for one audience serve all routes, or they need bridges of their own.
    audience =
      values.asksForAudience
      ? entries.first?.allowedAudience.first { name in entries.allSatisfy { $0.allowedAudience.contains(name) } } : nil
  }
}
