/// A route with the mapping that it was read from, for findings that show once all sections have been read.
struct LocatedRoute {
  let route: RouteConfiguration
  let mapping: MappingReader
}

extension LocatedRoute {
  /// The entries of `authorization`.
  var entries: [LocatedEntry] {
    guard case .token(let providers) = route.authorization else { return [] }
    return providers.enumerated().map { LocatedEntry(rules: $0.element, route: self, index: $0.offset) }
  }
}

/// An entry of `authorization` of a located route.
struct LocatedEntry {
  let rules: AuthorizationConfiguration
  let route: LocatedRoute
  let index: Int

  /// Reports a fault at the value of `key`.
  func report(_ fault: Fault, at key: String, severity: Diagnostic.Severity = .error) {
    route.mapping.report(fault, at: "authorization", section: index, name: key, severity: severity)
  }
}
