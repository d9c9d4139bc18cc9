package import Configuration
import Glibc
import Identity
import Inbound
import JOSE
package import Net
import Outbound
import Pipeline
import Stages
package import Telemetry

/// Builds a running gateway from a configuration.
package final class GatewayBuilder {
  private let loop: Loop
  private let configuration: GatewayConfiguration
  private let log: Log
  private let metrics = Metrics()
  private let readiness = Readiness()
  private let place: WorkerPlace?

  /// - Parameter place: of this process among other workers; nil: it is the only one.
  package init(_ loop: Loop, _ configuration: GatewayConfiguration, _ log: Log, _ place: WorkerPlace? = nil) {
    self.loop = loop
    self.configuration = configuration
    self.log = log
    self.place = place
  }

  private var share: WorkerShare { place?.share ?? .all }

  /// Builds the routes, listens, and begins to fetch keys. Waits for no provider and no backend.
  package func start() throws(StartFailure) -> RunningGateway {
    let settings = InboundSettings(configuration, descriptors: Self.raiseDescriptorLimit(), share: share)
    let sealingKeys = SealingKeyKeeper(loop, log)
    let bridges = try Bridges(loop, configuration, sealingKeys)
    let tokenChecks = TokenChecks(loop, configuration, log, metrics, bridges, nonceKey: place?.nonceKey)
    let service = InboundService(loop, settings, Router(try routes(tokenChecks, bridges)), log, metrics)
    let certificates = CertificateKeeper(loop, log, metrics)
    for (index, listener) in configuration.listeners.enumerated() {
      try listen(service, listener, place?.doors[index], certificates)
    }
    certificates.start()
    let admin = place == nil ? try admin() : nil
    // Loading authorities takes long, and the time for the first fetch begins now.
    loop.updateTime()
    for store in tokenChecks.stores {
      readiness.watch(store)
      store.start()
    }
    return RunningGateway(service, admin, certificates, sealingKeys, readiness, metrics)
  }

  private func listen(
    _ service: InboundService, _ listener: ListenerConfiguration, _ door: WorkerPlace.Door?,
    _ certificates: CertificateKeeper
  ) throws(StartFailure) {
    var options = ListenerOptions(listener)
    let settings = listener.tls.map { TLSServerSettings($0, http2: listener.http2) }
    if let settings {
      options.tls = try StartFailure.usable { () throws(TLSFault) in
        try TLSServerContext(settings, sharing: door?.ticketKeys)
      }
    }
    let address = door?.address ?? SocketAddress(listener.address)
    let opened = try StartFailure.listening(on: address) { () throws(NetFailure) in
      try service.listen(address, backlog: listener.backlog, socket: door?.socket, options)
    }
    if let settings { certificates.keep(opened, settings) }
    // For all workers together, the supervisor says so.
    guard door == nil else { return }
    log.event(.info, "listening") { line in
      line.member("address", text: opened.address.description)
      line.member("tls", settings == nil ? "off" : "on")
    }
  }

  private func admin() throws(StartFailure) -> InboundService? {
    guard let configuration = configuration.admin else { return nil }
    return try AdminService.open(
      loop, SocketAddress(configuration.address), log, metrics: MetricsPage(metrics.render), health: HealthPage(),
      readiness: ReadinessPage { [readiness] in readiness.obstacles })
  }

  private func routes(_ tokenChecks: TokenChecks, _ bridges: Bridges) throws(StartFailure) -> [Route] {
    let plans = configuration.routes.map { RoutePlan($0, allowedHosts: configuration.allowedHosts) }
    var routes = try bridges.routes(plans, tokenChecks)
    for plan in plans {
      let route = plan.configuration
      var settings = plan.proxySettings
      settings.bodyLimit = configuration.limits.bodySize
      let proxy = Proxy(try pool(route.upstream), settings, metrics)
      switch route.authorization {
      case .anonymous:
        routes.append(
          Self.route(plan, RequestPaths.open(plan, anonymous: .asConfigured(), proxy: proxy)))
      case .token(let providers):
        let challenge = TokenChecks.challenge(plan, providers)
        let check = try tokenChecks.check(plan, providers, challenge)
        routes.append(
          Self.route(plan, RequestPaths.guarded(plan, challenge: challenge, check: check, proxy: proxy)))
        routes.append(metadataRoute(plan, providers))
      }
    }
    let authorities = Set(routes.compactMap(\.authority))
    return routes
      + authorities.sorted().map {
        Route(
          name: "well-known", authority: $0, path: "/.well-known", isPrefix: true,
          RequestPaths.unknownDocuments)
      }
  }

  private static func route(_ plan: RoutePlan, _ path: RequestPath) -> Route {
    Route(name: plan.configuration.name, authority: plan.authority, path: plan.path, isPrefix: true, path)
  }

  private func metadataRoute(_ plan: RoutePlan, _ providers: [AuthorizationConfiguration]) -> Route {
    let metadata = plan.configuration.metadata
    var document = ProtectedResourceMetadata(
      resource: metadata?.resource ?? plan.location,
      authorizationServers: providers.map(configuration.authorizationServer),
      scopesSupported: metadata?.scopesSupported ?? TokenChecks.scopes(providers),
      resourceName: metadata?.resourceName, resourceDocumentation: metadata?.resourceDocumentation)
    if let proofs = TokenChecks.proofs(providers) {
      document.proofAlgorithms = proofs.algorithms.map(\.rawValue)
      document.requiresProofs = proofs.isRequired
    }
    document.requiresCertificates = providers.allSatisfy(\.certificateBoundTokens)
    return Route(
      name: plan.configuration.name, authority: plan.authority, path: plan.metadataPath, isPrefix: false,
      RequestPaths.metadata(document))
  }

  private func pool(_ configuration: UpstreamConfiguration) throws(StartFailure) -> UpstreamPool {
    let pool = UpstreamPool(loop, try ProviderAccess.upstream(configuration, share: share))
    pool.onDial = { [metrics] outcome in
      switch outcome {
      case .opened(let speaksHTTP2): metrics.count(.upstreamConnectionsOpened(speaksHTTP2 ? .http2 : .http1))
      case .failed: metrics.count(.upstreamConnectionsFailed(nil))
      }
    }
    return pool
  }

  /// Asks for as many file descriptors as the system gives without privileges.
  @discardableResult
  package static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
