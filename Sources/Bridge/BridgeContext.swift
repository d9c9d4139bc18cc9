package import JOSE
import Net

/// What all endpoints of one bridge share.
package final class BridgeContext {
  package let settings: BridgeSettings
  package let sealer: Sealer
  package let clients: ClientDirectory
  /// What clients have had the provider refuse: anybody can make up codes and tokens.
  let failures: ClientBudget

  package init(settings: BridgeSettings, sealer: Sealer, clients: ClientDirectory) {
    self.settings = settings
    self.sealer = sealer
    self.clients = clients
    failures = ClientBudget(limit: settings.clients.failureLimit)
  }

  /// The route of that resource URL, as it stands in what we have sealed; nil when the configuration has lost it since.
  package func route(resource: String) -> BridgedRoute? {
    settings.routes.first { $0.resource.utf8.elementsEqual(resource.utf8) }
  }

  /// How this bridge's scopes of a route are called at the provider, and back.
  package func translation(for route: BridgedRoute) -> ScopeTranslation {
    ScopeTranslation(
      route, prefix: settings.provider.scopePrefix,
      extra: settings.provider.extraScopes, dropped: settings.provider.droppedScopes)
  }
}
