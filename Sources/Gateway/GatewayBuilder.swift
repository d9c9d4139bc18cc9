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

  package init(_ loop: Loop, _ configuration: GatewayConfiguration, _ log: Log) {
    self.loop = loop
    self.configuration = configuration
    self.log = log
  }

  /// Builds the routes, listens, and begins to fetch keys. Waits for no provider and no backend.
  package func start() throws(StartFailure) -> RunningGateway {
    let settings = InboundSettings(configuration, descriptors: Self.raiseDescriptorLimit())
    let sealingKeys = SealingKeyKeeper(loop, log)
    let bridges = try Bridges(loop, configuration, sealingKeys)
    let tokenChecks = TokenChecks(loop, configuration, log, metrics, bridges)
    let service = InboundService(loop, settings, Router(try routes(tokenChecks, bridges)), log, metrics)
    let certificates = CertificateKeeper(loop, log, metrics)
    for listener in configuration.listeners { try listen(service, listener, certificates) }
    certificates.start()
    let admin = try admin()
    // Loading authorities takes long, and the time for the first fetch begins now.
    loop.updateTime()
    for store in tokenChecks.stores {
      readiness.watch(store)
      store.start()
    }
    return RunningGateway(service, admin, certificates, sealingKeys, readiness)
  }

  private func listen(
    _ service: InboundService, _ listener: ListenerConfiguration, _ certificates: CertificateKeeper
  ) throws(StartFailure) {
    var options = ListenerOptions(listener)
    let settings = listener.tls.map { TLSServerSettings($0, http2: listener.http2) }
    if let settings { options.tls = try StartFailure.usable { () throws(TLSFault) in try TLSServerContext(settings) } }
    let opened = try open(service, SocketAddress(listener.address), backlog: listener.backlog, options)
    if let settings { certificates.keep(opened, settings) }
    log.event(.info, "listening") { line in
      line.member("address", text: opened.address.description)
      line.member("tls", settings == nil ? "off" : "on")
    }
  }

  private func open(
    _ service: InboundService, _ address: SocketAddress, backlog: Int, _ options: ListenerOptions
  ) throws(StartFailure) -> InboundListener {
    do throws(NetFailure) {
      return try service.listen(address, backlog: backlog, options)
    } catch {
      throw .cannotListen(address, error)
    }
  }

  /// The operator's own pages, apart from everything that clients reach.
  private func admin() throws(StartFailure) -> InboundService? {
    guard let configuration = configuration.admin else { return nil }
    let quiet = Log(minimum: .error, logsRequests: false) { _ in }
    let service = InboundService(loop, InboundSettings(), Router(RequestPaths.admin(metrics, readiness)), quiet)
    let listener = try open(service, SocketAddress(configuration.address), backlog: 128, ListenerOptions())
    log.event(.info, "admin_listening") { $0.member("address", text: listener.address.description) }
    return service
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
    let pool = UpstreamPool(loop, try ProviderAccess.upstream(configuration))
    pool.onDial = { [metrics] outcome in
      switch outcome {
      case .opened(let speaksHTTP2): metrics.count(.upstreamConnectionsOpened(speaksHTTP2 ? .http2 : .http1))
      case .failed: metrics.count(.upstreamConnectionsFailed(nil))
      }
    }
    return pool
  }

  /// Asks for as many file descriptors as the system gives without privileges.
  private static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
