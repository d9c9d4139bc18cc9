/// A validated configuration. It knows no sockets and no files: assembling the gateway from it cannot fail
/// for a reason that its text could have shown.
package struct GatewayConfiguration: Equatable, Sendable {
  /// The base of every URL that the gateway tells a client, never taken from a request (GW-24).
  package let publicURL: WebURL
  /// Values of the Host field that are accepted besides those of the public URLs (GW-71).
  package let allowedHosts: [String]
  package let listeners: [ListenerConfiguration]
  package let routes: [RouteConfiguration]
  /// No two have the same name or issuer.
  package let bridges: [BridgeConfiguration]
  package let limits: LimitsConfiguration
  package let timeouts: TimeoutsConfiguration
  /// Nil: nothing listens for the operator.
  package let admin: AdminConfiguration?
  package let log: LogConfiguration
  /// The folder that keeps the last good metadata and keys of each provider for the next start. Nil: none does.
  package let keyCacheDirectory: String?
  /// Processes that serve.
  package let workers: WorkerCount

  init?(_ mapping: MappingReader) {
    let publicURL = mapping.required("public_url", .publicURL)
    allowedHosts = mapping.list("allowed_hosts", .authority, mayBeEmpty: true) ?? []
    let listeners = mapping.sound { Self.listeners(mapping) ?? [.standard] }
    var routes: [LocatedRoute]?
    var bridges: [LocatedBridge] = []
    let areSound: Void? = mapping.sound {
      routes = Self.routes(mapping, publicURL)
      bridges = Self.bridges(mapping, publicURL, routes ?? [])
    }
    if areSound != nil { BridgeChecks(routes: routes ?? [], bridges: bridges).run() }
    limits = mapping.section("limits", LimitsConfiguration.init)
    timeouts = mapping.section("timeouts", TimeoutsConfiguration.init)
    admin = mapping.optionalSection("admin", AdminConfiguration.init)
    log = mapping.section("log", LogConfiguration.init)
    keyCacheDirectory = mapping.value("key_cache_directory", .folderPath(example: "/var/lib/portcullis/keys"))
    workers = mapping.value("workers", .workers, default: .fixed(1))
    CrossChecks(mapping: mapping, publicURL: publicURL, routes: routes ?? [], bridges: bridges).run(
      listeners, admin)
    guard let publicURL, let listeners, let routes else { return nil }
    self.publicURL = publicURL
    self.listeners = listeners
    self.routes = routes.map(\.route)
    self.bridges = bridges.map(\.bridge)
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

  private static func routes(_ mapping: MappingReader, _ publicURL: WebURL?) -> [LocatedRoute]? {
    var names: Set<String> = []
    var locations: Set<String> = []
    let routes = mapping.sections("routes") { mapping -> LocatedRoute? in
      guard let route = RouteConfiguration(mapping, publicURL: publicURL) else { return nil }
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
      return LocatedRoute(route: route, mapping: mapping)
    }
    if !mapping.contains("routes") {
      mapping.failMissing("routes", remedy: "Add at least one route with path, upstream and authorization.")
    }
    return routes
  }

  private static func bridges(
    _ mapping: MappingReader, _ publicURL: WebURL?, _ routes: [LocatedRoute]
  ) -> [LocatedBridge] {
    var names: Set<String> = []
    return mapping.sections("bridges") { mapping in
      guard let bridge = BridgeConfiguration(mapping, publicURL: publicURL, routes: routes) else { return nil }
      if !names.insert(bridge.name).inserted {
        mapping.report(
          Fault(
            "the name \(quoted(bridge.name)) is taken by a bridge above", remedy: "Give each bridge its own name."),
          at: "name")
      }
      return LocatedBridge(bridge: bridge, mapping: mapping)
    } ?? []
  }

  /// The same configuration as YAML with every default filled in. Loads to an equal value.
  package func expanded() -> String {
    var yaml = YAMLWriter()
    yaml.string("public_url", publicURL.description)
    yaml.strings("allowed_hosts", allowedHosts)
    yaml.sections("listeners", listeners) { $1.write(to: &$0) }
    if !bridges.isEmpty { yaml.sections("bridges", bridges) { $1.write(to: &$0) } }
    yaml.sections("routes", routes) { $1.write(to: &$0) }
    yaml.section("limits", limits.write)
    yaml.section("timeouts", timeouts.write)
    if let admin { yaml.section("admin", admin.write) }
    yaml.section("log", log.write)
    yaml.string("key_cache_directory", ifPresent: keyCacheDirectory)
    yaml.plain("workers", workers.text)
    return yaml.text
  }
}
