/// What bridges, the routes whose clients they sign in, and the paths of both show together.
struct BridgeChecks {
  let routes: [LocatedRoute]
  let bridges: [LocatedBridge]

  func run() {
    checkReferences()
    checkIssuers()
    checkPaths()
    checkNeighbours()
    for located in bridges {
      let entries = entries(of: located)
      guard let first = entries.first else {
        located.mapping.report(
          Fault(
            "no route uses this bridge",
            remedy: "Add \"bridge: \(located.bridge.name)\" to the authorization of one, or remove the bridge."),
          at: "name", severity: .warning)
        continue
      }
      for entry in entries.dropFirst() { checkSameProvider(located.bridge, entry, first) }
      checkEndpoints(located, first)
      checkAudience(located, entries)
      for entry in entries { BridgedEntryChecks(bridge: located.bridge, entry: entry).run() }
    }
  }

  private func entries(of located: LocatedBridge) -> [LocatedEntry] {
    routes.flatMap(\.entries).filter { $0.rules.bridge == located.bridge.name }
  }

  private func checkReferences() {
    let names = bridges.map(\.bridge.name)
    for entry in routes.flatMap(\.entries) {
      guard let name = entry.rules.bridge, !names.contains(name) else { continue }
      let meant = EditDistance.nearest(to: name, among: names).map { "Did you mean \(quoted($0))?" }
      let remedy =
        names.isEmpty
        ? "Add it to bridges, at the top level." : "The bridges here are: \(names.joined(separator: ", "))."
      entry.report(Fault("there is no bridge of the name \(quoted(name))", remedy: meant ?? remedy), at: "bridge")
    }
  }

  private func checkIssuers() {
    var names: [String: String] = [:]
    for located in bridges {
      let issuer = located.bridge.issuer
      if let name = names[issuer] {
        located.mapping.report(
          Fault(
            "\(issuer) is the issuer of the bridge \(quoted(name))",
            remedy: "Choose another path or another public_url."),
          at: "path")
      } else {
        names[issuer] = located.bridge.name
      }
    }
  }

  /// Endpoints come first, so that a route of the same path, or below it, could not be reached.
  private func checkPaths() {
    for located in bridges {
      let bridge = located.bridge
      for route in routes where route.route.publicURL.origin == bridge.publicURL.origin {
        guard let endpoint = bridge.endpoint(holding: route.route.path) else { continue }
        route.mapping.report(
          Fault(
            "\(endpoint) is an endpoint of the bridge \(quoted(bridge.name))",
            remedy: "Choose another path here, or there."),
          at: "path")
      }
      for other in bridges where other.bridge.publicURL.origin == bridge.publicURL.origin {
        guard other.bridge.name != bridge.name, let endpoint = bridge.endpoint(holding: other.bridge.path) else {
          continue
        }
        other.mapping.report(
          Fault(
            "\(endpoint) is an endpoint of the bridge \(quoted(bridge.name))",
            remedy: "Choose another path here, or there."),
          at: "path")
      }
    }
  }

  /// What a server without a token in front of it shows to browsers runs as the origin whose pages ask for consent.
  private func checkNeighbours() {
    for route in routes where route.route.authorization == .anonymous {
      let bridge = bridges.map(\.bridge).first { $0.publicURL.origin == route.route.publicURL.origin }
      guard let bridge else { continue }
      route.mapping.report(
        Fault(
          "this open route is on the origin of the bridge \(quoted(bridge.name)): a script that its server shows to a "
            + "browser could answer the consent page for the user",
          remedy: "Give the bridge or the route a public_url of its own, or ask for a token here, too."),
        at: "authorization", severity: .warning)
    }
  }

  /// A bridge is a client of one provider, which it reaches in one way.
  private func checkSameProvider(_ bridge: BridgeConfiguration, _ entry: LocatedEntry, _ first: LocatedEntry) {
    let (rules, others) = (entry.rules, first.rules)
    let differs: [(String, Bool)] = [
      ("issuer", rules.issuer != others.issuer),
      ("discovery_url", rules.discoveryURLs != others.discoveryURLs),
      ("jwks_uri", rules.jwksURI != others.jwksURI),
      ("jwks_file", rules.jwksFile != others.jwksFile),
      ("provider", rules.provider != others.provider),
      ("provider_ca", rules.providerCA != others.providerCA),
      ("provider_proxy", rules.providerProxy != others.providerProxy),
      ("allow_plaintext_provider", rules.allowPlaintextProvider != others.allowPlaintextProvider),
    ]
    guard let key = differs.first(where: \.1)?.0 else { return }
    entry.report(
      Fault(
        "the bridge \(quoted(bridge.name)) leads to one provider, but \(key) is another one here than in the route "
          + quoted(first.route.route.name),
        remedy: "Write the same \(key) in both, or give this provider a bridge of its own."),
      at: "bridge")
  }

  /// Without a discovery document nothing else names them.
  private func checkEndpoints(_ located: LocatedBridge, _ entry: LocatedEntry) {
    guard entry.rules.discoveryURLs.isEmpty else { return }
    for key in ["authorization_endpoint", "token_endpoint"] where !located.mapping.contains(key) {
      located.mapping.failMissing(
        key, remedy: "With jwks_uri or jwks_file, no discovery document is read that could name it: add it.")
    }
  }

  private func checkAudience(_ located: LocatedBridge, _ entries: [LocatedEntry]) {
    guard entries.first?.rules.provider.bridgeValues.asksForAudience == true, located.bridge.audience == nil,
      located.bridge.resource == nil
    else { return }
    located.mapping.failMissing(
      "audience",
      remedy: "Tokens are for one audience, which each route of this bridge has to accept: write it here and in their "
        + "allowed_audience, or give each of them a bridge of its own.")
  }
}

extension BridgeConfiguration {
  private static let endpoints = ["authorize", "callback", "consent", "register", "revoke", "token"]

  /// The endpoint that is at `path`, or above it.
  fileprivate func endpoint(holding path: String) -> String? {
    Self.endpoints.map { "\(prefix)/\($0)" }.first { path == $0 || path.hasPrefix($0 + "/") }
  }
}
