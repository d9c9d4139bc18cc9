/// What only several sections together show.
struct CrossChecks {
  let mapping: MappingReader
  let publicURL: WebURL?
  let routes: [LocatedRoute]
  let bridges: [LocatedBridge]

  /// - Parameter listeners: nil when they have faults of their own.
  func run(_ listeners: [ListenerConfiguration]?, _ admin: AdminConfiguration?) {
    checkOpenRoutes()
    guard let listeners else { return }
    checkClientCertificates(listeners)
    checkPlainURLs(listeners)
    checkAdmin(listeners, admin)
  }

  /// Paths are compared byte by byte, backends may be more generous: `//mcp` or `/MCP` belongs to an open route at `/`.
  private func checkOpenRoutes() {
    for (route, mapping) in routes.map({ ($0.route, $0.mapping) }) where route.authorization == .anonymous {
      let prefix = route.path == "/" ? "/" : route.path + "/"
      let below = routes.map(\.route).first {
        $0.authorization != .anonymous && $0.publicURL == route.publicURL && $0.path.hasPrefix(prefix)
      }
      guard let below else { continue }
      mapping.report(
        Fault(
          "this open route lies above the guarded route \(below.path): other spellings of that path, such as "
            + "/\(below.path) or \(below.path.uppercased()), go to this route's server unchecked",
          remedy: "Make sure this server does not serve what \(below.path) guards, or ask for a token here, too."),
        at: "authorization", severity: .warning)
    }
  }

  /// A condition on client certificates that no client could ever meet.
  private func checkClientCertificates(_ listeners: [ListenerConfiguration]) {
    let asks = listeners.contains { $0.tls.map { $0.clientCertificates != .none } ?? false }
    guard !asks else { return }
    for located in routes {
      guard case .token(let providers) = located.route.authorization else { continue }
      for (index, rules) in providers.enumerated() {
        let given = [
          ("certificate_bound_tokens", rules.certificateBoundTokens),
          ("allowed_certificate_subjects", !rules.allowedCertificateSubjects.isEmpty),
        ]
        for (key, isGiven) in given where isGiven {
          located.mapping.report(
            Fault(
              "no listener asks clients for a certificate, so every request would be refused",
              remedy: "Set tls.client_ca on the listener that your clients use, or remove \(key)."),
            at: "authorization", section: index, name: key)
        }
      }
    }
  }

  /// Public URLs with http lead to clear listeners only.
  private func checkPlainURLs(_ listeners: [ListenerConfiguration]) {
    guard !listeners.contains(where: { $0.tls == nil }) else { return }
    let located =
      routes.map { ($0.route.publicURL, $0.mapping) } + bridges.map { ($0.bridge.publicURL, $0.mapping) }
    for (url, mapping) in [(publicURL, mapping)] + located {
      guard let url, url.scheme == .http, mapping.contains("public_url") else { continue }
      mapping.report(
        Fault(
          "clients are told to use http, but every listener speaks TLS",
          remedy: "Write https in it, or add a listener without tls."),
        at: "public_url", severity: .warning)
    }
  }

  private func checkAdmin(_ listeners: [ListenerConfiguration], _ admin: AdminConfiguration?) {
    guard let admin, admin.address.hasChosenPort, listeners.contains(where: { $0.address == admin.address }) else {
      return
    }
    mapping.report(
      Fault(
        "\(admin.address) is where clients are listened for",
        remedy: "Choose an address of its own, such as 127.0.0.1:9090."),
      at: "admin", name: "address")
  }
}
