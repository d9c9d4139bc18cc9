/// A validated configuration. It knows no sockets and no files: assembling the gateway from it cannot fail
/// for a reason that its text could have shown.
package struct GatewayConfiguration: Equatable, Sendable {
  /// The base of every URL that the gateway tells a client, never taken from a request (GW-24).
  package let publicURL: WebURL
  /// Values of the Host field that are accepted besides those of the public URLs (GW-71).
  package let allowedHosts: [String]
  package let listeners: [ListenerConfiguration]
  package let routes: [RouteConfiguration]
  package let limits: LimitsConfiguration
  package let timeouts: TimeoutsConfiguration
  package let log: LogConfiguration

  init?(_ mapping: MappingReader, capabilities: Capabilities) {
    let publicURL = mapping.required("public_url", .publicURL)
    allowedHosts = mapping.list("allowed_hosts", .authority, mayBeEmpty: true) ?? []
    listeners = Self.listeners(mapping) ?? [.standard]
    let routes = Self.routes(mapping, publicURL, capabilities)
    limits = mapping.section("limits", LimitsConfiguration.init)
    timeouts = mapping.section("timeouts", TimeoutsConfiguration.init)
    log = mapping.section("log", LogConfiguration.init)
    guard let publicURL, let routes else { return nil }
    self.publicURL = publicURL
    self.routes = routes
  }

  private static func listeners(_ mapping: MappingReader) -> [ListenerConfiguration]? {
    var addresses: Set<ListenerConfiguration.Address> = []
    return mapping.sections("listeners") { mapping in
      guard let listener = ListenerConfiguration(mapping) else { return nil }
      if listener.address.hasChosenPort && !addresses.insert(listener.address).inserted {
        mapping.report(
          Fault("\(listener.address) is listened on twice", remedy: "Remove one of the two."), at: "address")
      }
      return listener
    }
  }

  private static func routes(
    _ mapping: MappingReader, _ publicURL: WebURL?, _ capabilities: Capabilities
  ) -> [RouteConfiguration]? {
    var names: Set<String> = []
    var locations: Set<String> = []
    var loaded: [(route: RouteConfiguration, mapping: MappingReader)] = []
    let routes = mapping.sections("routes") { mapping -> RouteConfiguration? in
      guard let route = RouteConfiguration(mapping, publicURL: publicURL, capabilities: capabilities) else {
        return nil
      }
      if !locations.insert(route.location).inserted {
        mapping.report(
          Fault(
            "\(route.location) is taken by a route above",
            remedy: "Choose another path or another public_url."),
          at: "path")
      } else if !names.insert(route.name).inserted {
        mapping.report(
          Fault(
            "the name \(quoted(route.name)) is taken by a route above",
            remedy: "Give each route its own name."),
          at: "name")
      }
      loaded.append((route, mapping))
      return route
    }
    warnOfOpenRoutesAbove(loaded)
    if !mapping.contains("routes") {
      mapping.failMissing("routes", remedy: "Add at least one route with path, upstream and authorization.")
    }
    return routes
  }

  /// Paths are compared byte by byte, backends may be more generous: `//mcp` or `/MCP` belongs to an open route at `/`.
  private static func warnOfOpenRoutesAbove(_ loaded: [(route: RouteConfiguration, mapping: MappingReader)]) {
    for (route, mapping) in loaded where route.authorization == .anonymous {
      let prefix = route.path == "/" ? "/" : route.path + "/"
      let below = loaded.first {
        $0.route.authorization != .anonymous && $0.route.publicURL == route.publicURL && $0.route.path.hasPrefix(prefix)
      }
      guard let below = below?.route else { continue }
      mapping.report(
        Fault(
          "this open route lies above the guarded route \(below.path): other spellings of that path, such as "
            + "/\(below.path) or \(below.path.uppercased()), go to this route's server unchecked",
          remedy: "Make sure this server does not serve what \(below.path) guards, or ask for a token here, too."),
        at: "authorization", severity: .warning)
    }
  }

  /// The same configuration as YAML with every default filled in. Loads to an equal value.
  package func expanded() -> String {
    var yaml = YAMLWriter()
    yaml.string("public_url", publicURL.description)
    yaml.strings("allowed_hosts", allowedHosts)
    yaml.sections("listeners", listeners) { $1.write(to: &$0) }
    yaml.sections("routes", routes) { $1.write(to: &$0) }
    yaml.section("limits", limits.write)
    yaml.section("timeouts", timeouts.write)
    yaml.section("log", log.write)
    return yaml.text
  }
}
