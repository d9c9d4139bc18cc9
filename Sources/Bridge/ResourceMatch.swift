import JSON
package import Web

/// Which route a client means by `resource` (RFC 8707 §2). Clients spell the URL as their libraries do: with a slash at
/// the end, with the default port, or only its origin.
package enum ResourceMatch {
  /// - Parameters:
  ///   - resources: every value of the parameter.
  ///   - routes: of the bridge.
  /// - Throws: `invalid_target`.
  package static func route(
    for resources: [String], among routes: [BridgedRoute]
  ) throws(OAuthError) -> BridgedRoute {
    guard let first = resources.first else {
      guard routes.count == 1, let only = routes.first else {
        throw .invalidTarget("there are several resources here: say by resource which one is meant")
      }
      return only
    }
    let route = try find(first, routes)
    for other in resources.dropFirst() {
      guard try find(other, routes).resource.hasSameBytes(as: route.resource) else {
        throw .invalidTarget("tokens are for one resource each")
      }
    }
    return route
  }

  private static func find(_ resource: String, _ routes: [BridgedRoute]) throws(OAuthError) -> BridgedRoute {
    guard let wanted = WebURL(resource) else { throw .invalidTarget("resource is not the URL of a resource") }
    let urls = routes.map { WebURL($0.resource) }
    if let exact = zip(routes, urls).first(where: { $0.1 == wanted }) { return exact.0 }
    let neighbours = zip(routes, urls).filter { $0.1?.origin == wanted.origin }
    guard wanted.path.isEmpty, neighbours.count == 1, let only = neighbours.first else {
      throw .invalidTarget("resource is none of those that are reached through this authorization server")
    }
    return only.0
  }
}
