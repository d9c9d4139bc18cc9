extension GatewayConfiguration {
  package func bridge(named name: String) -> BridgeConfiguration? { bridges.first { $0.name == name } }

  /// The bridge that signs people in at the provider of an entry.
  package func bridge(of entry: AuthorizationConfiguration) -> BridgeConfiguration? {
    entry.bridge.flatMap(bridge(named:))
  }

  /// The issuer that clients are told to go to for tokens of an entry (RFC 9728 §2): its bridge's, or the provider's.
  package func authorizationServer(of entry: AuthorizationConfiguration) -> String {
    bridge(of: entry)?.issuer ?? entry.issuer
  }

  /// The routes whose clients a bridge signs in, each with its entry of `authorization` that names the bridge.
  package func entries(
    of bridge: BridgeConfiguration
  ) -> [(route: RouteConfiguration, rules: AuthorizationConfiguration)] {
    routes.flatMap { route -> [(route: RouteConfiguration, rules: AuthorizationConfiguration)] in
      guard case .token(let entries) = route.authorization else { return [] }
      return entries.filter { $0.bridge == bridge.name }.map { (route, $0) }
    }
  }
}
