import JSON

/// How the scopes of a route are called at the provider, and back. Scopes that OpenID Connect defines are called the
/// same everywhere.
package struct ScopeTranslation: Sendable {
  private let own: [String]
  private let names: [String: String]
  private let prefix: String?
  private let extra: [String]
  private let dropped: Set<String>

  /// OpenID Connect Core 1.0 §5.4, §11.
  package static let openIDScopes: Set<String> = ["openid", "profile", "email", "address", "phone", "offline_access"]

  package init(_ route: BridgedRoute, prefix: String? = nil, extra: [String] = [], dropped: [String] = []) {
    own = route.scopes
    names = route.providerScopes
    self.prefix = prefix
    self.extra = extra
    self.dropped = Set(dropped)
  }

  /// What to ask the provider for when a client asks for `scopes`: each once, what is always asked for at the end.
  package func toProvider(_ scopes: [String]) -> [String] {
    var wanted: [String] = []
    for scope in scopes where !dropped.contains(scope) {
      let name = providerName(of: scope)
      if !dropped.contains(name), !wanted.contains(name) { wanted.append(name) }
    }
    for scope in extra where !wanted.contains(scope) { wanted.append(scope) }
    return wanted
  }

  /// What the client is told that it was granted.
  ///
  /// - Parameters:
  ///   - granted: as the provider calls them.
  ///   - asked: what the client had asked for. What only the gateway asked for is none of its business.
  package func toClient(_ granted: [String], asked: [String]) -> [String] {
    var told: [String] = []
    for scope in granted {
      for name in clientNames(of: scope, asked) where !told.contains(name) { told.append(name) }
    }
    return told
  }

  /// What of `asked` the provider was asked for and has not granted. OpenID Connect's own scopes are not among it:
  /// providers do not list them, or by other names.
  ///
  /// - Parameter granted: as the provider calls them.
  package func withheld(_ asked: [String], granted: [String]) -> [String] {
    asked.filter { scope in
      let name = providerName(of: scope)
      // ".default" stands for whatever an administrator has consented to, and Entra lists that.
      guard !Self.openIDScopes.contains(name), !name.hasSuffix("/.default"), !dropped.contains(scope),
        !dropped.contains(name)
      else { return false }
      return !granted.contains { $0.hasSameBytes(as: name) || $0.hasSameBytes(as: scope) }
    }
  }

  /// How the provider calls a scope.
  func providerName(of scope: String) -> String {
    if let name = names[scope] { return name }
    guard let prefix, !Self.openIDScopes.contains(scope), !scope.hasPrefix(prefix),
      !names.values.contains(where: { $0.hasSameBytes(as: scope) })
    else { return scope }
    return prefix + scope
  }

  /// Providers say either name in their answers: with the prefix, or as it was registered.
  private func clientNames(of scope: String, _ asked: [String]) -> [String] {
    func isCalledSo(_ name: String) -> Bool {
      name.hasSameBytes(as: scope) || providerName(of: name).hasSameBytes(as: scope)
    }
    let requested = asked.filter(isCalledSo)
    guard requested.isEmpty else { return requested }
    let others = own.filter(isCalledSo)
    guard others.isEmpty else { return others }
    if extra.contains(where: { $0.hasSameBytes(as: scope) }) { return [] }
    if let prefix, scope.hasPrefix(prefix) { return [String(scope.dropFirst(prefix.count))] }
    return [scope]
  }
}
