import Bridge
import Configuration
import Identity
import JOSE
import Net
import Pipeline
import Stages
import Telemetry
import Web

/// Builds the bridges of a configuration: the routes that clients find them by, and what the gate has to know of them.
final class Bridges {
  private let loop: Loop
  private let configuration: GatewayConfiguration
  private let lookups: NameLookups
  private let turns: FairTurns
  private var sealers: [String: Sealer] = [:]
  private var sealingKeys: [String: SealingKeys] = [:]

  init(_ loop: Loop, _ configuration: GatewayConfiguration, _ keeper: SealingKeyKeeper) throws(StartFailure) {
    self.loop = loop
    self.configuration = configuration
    lookups = NameLookups(loop)
    turns = FairTurns(loop)
    for bridge in configuration.bridges {
      let keys = try keeper.keys(bridge.sealingKeys)
      sealingKeys[bridge.name] = keys
      sealers[bridge.name] = Sealer(keys, context: bridge.issuer)
    }
  }

  /// The tokens that a bridge has made itself for a route; nil when the entry names none, or one that passes on those of
  /// the provider.
  func sealedTokens(for entry: AuthorizationConfiguration, at plan: RoutePlan) -> WrappedTokens? {
    guard let bridge = configuration.bridge(of: entry), bridge.tokens == .wrap, let sealer = sealers[bridge.name],
      let keys = sealingKeys[bridge.name]
    else { return nil }
    return WrappedTokens(sealer, keys, resource: plan.resource)
  }

  /// - Parameter plans: all routes of the configuration.
  func routes(_ plans: [RoutePlan], _ checks: TokenChecks) throws(StartFailure) -> [Route] {
    var routes: [Route] = []
    for bridge in configuration.bridges { routes += try self.routes(of: bridge, plans, checks) }
    return routes
  }

  private func routes(
    of configuration: BridgeConfiguration, _ plans: [RoutePlan], _ checks: TokenChecks
  ) throws(StartFailure) -> [Route] {
    let entries = plans.flatMap { plan in plan.entries(of: configuration.name).map { (plan, $0) } }
    guard let (_, entry) = entries.first, let sealer = sealers[configuration.name] else { return [] }
    let store = try checks.keyStore(entry)
    let settings = BridgeSettings(
      configuration, self.configuration.limits, provider: try BridgedProvider(configuration, entry, store),
      routes: entries.map { BridgedRoute($0.0, $0.1, configuration) })
    let bridge = try bridge(
      settings, sealer, configuration, introspector: checks.introspection(entry, store)?.introspector)
    let authorities = RoutePlan.authorities(configuration.publicURL, allowedHosts: self.configuration.allowedHosts)
    func route(_ path: String, isPrefix: Bool = false, _ requestPath: RequestPath) -> Route {
      Route(
        name: configuration.name, authority: configuration.publicURL.authority, path: path, isPrefix: isPrefix,
        requestPath)
    }
    let endpoints = bridge.endpoints.map { endpoint in
      route(
        settings.path + endpoint.path,
        RequestPaths.bridge(LocalServiceStage(loop, endpoint.service, turns), authorities: authorities))
    }
    return endpoints + [
      route(
        "/.well-known/oauth-authorization-server" + settings.path, RequestPaths.document(bridge.metadata)),
      route(settings.path + "/.well-known", isPrefix: true, RequestPaths.unknownDocuments),
    ]
  }

  private func bridge(
    _ settings: BridgeSettings, _ sealer: Sealer, _ configuration: BridgeConfiguration, introspector: Introspector?
  ) throws(StartFailure) -> Bridge {
    let documents = try documents(configuration.clientMetadataDocuments)
    do throws(OAuthError) {
      return try Bridge(loop, settings, sealer, documents: documents, introspector: introspector)
    } catch {
      throw .unusableClient(bridge: configuration.name, reason: error.description)
    }
  }

  private func documents(_ configuration: ClientDocumentsConfiguration) throws(StartFailure) -> ClientDocumentStore? {
    guard configuration.isEnabled else { return nil }
    let (tls, internalTLS) = try StartFailure.usable { () throws(TLSFault) in
      let tls = try TLSClientContext(TLSClientSettings())
      return (
        tls, try configuration.ca.map { ca throws(TLSFault) in try TLSClientContext(TLSClientSettings(ca: ca)) } ?? tls
      )
    }
    var settings = ClientDocumentStore.Settings(tls: tls, internalTLS: internalTLS)
    settings.allowedHosts = configuration.allowedHosts.map(HostNames.init)
    settings.internalHosts = HostNames(configuration.internalHosts)
    return ClientDocumentStore(loop, settings, lookups: lookups)
  }
}
