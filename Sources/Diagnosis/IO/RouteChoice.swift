package import Configuration

/// Which of a configuration's routes a command is about.
package struct RouteChoice {
  package struct Fault: Error { package let description: String }

  /// A route, its place in the list, and its entries of `authorization` with theirs.
  struct Chosen {
    let route: RouteConfiguration
    let index: Int
    let entries: [(entry: AuthorizationConfiguration, path: String)]
  }

  let routes: [Chosen]
  private let bridges: [BridgeConfiguration]

  /// - Parameter name: of a route, or its path; nil: all routes.
  package init(_ configuration: GatewayConfiguration, _ sources: SourceMap, name: String?) throws(Fault) {
    let all = configuration.routes.enumerated().map { index, route in
      Chosen(route: route, index: index, entries: Self.entries(route, index, sources))
    }
    bridges = configuration.bridges
    guard let name else {
      routes = all
      return
    }
    routes = all.filter { $0.route.name == name || $0.route.path == name || $0.route.location == name }
    guard routes.isEmpty else { return }
    let names = all.map(\.route.name).joined(separator: ", ")
    throw Fault(description: "there is no route \(String.quoted(name)); the routes are: \(names)")
  }

  func bridge(of entry: AuthorizationConfiguration) -> BridgeConfiguration? {
    bridges.first { $0.name == entry.bridge }
  }

  private static func entries(_ route: RouteConfiguration, _ index: Int, _ sources: SourceMap)
    -> [(entry: AuthorizationConfiguration, path: String)]
  {
    guard case .token(let entries) = route.authorization else { return [] }
    return Array(zip(entries, sources.sections(at: "routes[\(index)].authorization")).map { (entry: $0, path: $1) })
  }
}
