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

/// Why a gateway does not start.
package enum StartFailure: Error, CustomStringConvertible {
  case cannotListen(SocketAddress, NetFailure)
  case unusableFile(TLSFault)

  /// For example `cannot listen on 127.0.0.1:8080: address already in use (EADDRINUSE)`.
  package var description: String {
    switch self {
    case .cannotListen(let address, let failure): "cannot listen on \(address): \(failure)"
    case .unusableFile(let fault): fault.description
    }
  }
}

/// Builds a running gateway from a configuration.
package final class GatewayBuilder {
  private let loop: Loop
  private let configuration: GatewayConfiguration
  private let log: Log
  private let metrics = Metrics()
  private let readiness = Readiness()
  /// One store for each provider, whoever of the routes uses it.
  private var keyStores: [String: KeyStore] = [:]

  package init(_ loop: Loop, _ configuration: GatewayConfiguration, _ log: Log) {
    self.loop = loop
    self.configuration = configuration
    self.log = log
  }

  /// Builds the routes and listens. Waits for no provider and no backend.
  package func start() throws(StartFailure) -> RunningGateway {
    let settings = InboundSettings(configuration, descriptors: Self.raiseDescriptorLimit())
    let service = InboundService(loop, settings, Router(try routes()), log, metrics)
    let certificates = CertificateKeeper(loop, log, metrics)
    for listener in configuration.listeners { try listen(service, listener, certificates) }
    certificates.start()
    let admin = try admin()
    for store in readiness.stores { store.start() }
    return RunningGateway(service, admin, certificates, readiness)
  }

  private func listen(
    _ service: InboundService, _ listener: ListenerConfiguration, _ certificates: CertificateKeeper
  ) throws(StartFailure) {
    var options = ListenerOptions(listener)
    let settings = listener.tls.map { TLSServerSettings($0, http2: listener.http2) }
    if let settings { options.tls = try Self.usable { () throws(TLSFault) in try TLSServerContext(settings) } }
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

  private static func usable<Context>(_ build: () throws(TLSFault) -> Context) throws(StartFailure) -> Context {
    do throws(TLSFault) { return try build() } catch { throw .unusableFile(error) }
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

  private func routes() throws(StartFailure) -> [Route] {
    var routes: [Route] = []
    for route in configuration.routes {
      let plan = RoutePlan(route, allowedHosts: configuration.allowedHosts)
      var settings = plan.proxySettings
      settings.bodyLimit = configuration.limits.bodySize
      let proxy = Proxy(try pool(route.upstream), settings, metrics)
      switch route.authorization {
      case .anonymous:
        routes.append(
          Self.route(plan, RequestPaths.open(plan, anonymous: .asConfigured(), proxy: proxy)))
      case .token(let providers):
        guard let authorization = providers.first else { continue }
        let challenge = Challenge(metadataURL: plan.metadataURL, scope: authorization.advertisedScopes)
        let check = try tokenCheck(authorization, challenge)
        routes.append(
          Self.route(plan, RequestPaths.guarded(plan, challenge: challenge, check: check, proxy: proxy)))
        routes.append(metadataRoute(plan, authorization))
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

  private func metadataRoute(_ plan: RoutePlan, _ authorization: AuthorizationConfiguration) -> Route {
    let metadata = plan.configuration.metadata
    let document = ProtectedResourceMetadata(
      resource: metadata?.resource ?? plan.location, authorizationServers: [authorization.issuer],
      scopesSupported: metadata?.scopesSupported ?? authorization.advertisedScopes,
      resourceName: metadata?.resourceName, resourceDocumentation: metadata?.resourceDocumentation)
    return Route(
      name: plan.configuration.name, authority: plan.authority, path: plan.metadataPath, isPrefix: false,
      RequestPaths.metadata(document))
  }

  private func tokenCheck(_ authorization: AuthorizationConfiguration, _ challenge: Challenge)
    throws(StartFailure) -> TokenCheck
  {
    let policy = TokenPolicy(authorization)
    return TokenCheck(
      TokenVerifier(policy: policy),
      TokenCache(capacity: authorization.tokenCacheEntries, clockSkew: policy.clockSkew),
      try keyStore(authorization),
      challenge,
      CertificateBinding(
        bindsTokens: authorization.certificateBoundTokens, subjects: authorization.allowedCertificateSubjects))
  }

  private func keyStore(_ authorization: AuthorizationConfiguration) throws(StartFailure) -> KeyStore {
    var provider = KeyStore.Provider(
      issuer: authorization.issuer, source: KeyStore.Provider.Source(authorization),
      allowPlaintext: authorization.allowPlaintextProvider)
    let key = "\(provider.issuer) \(provider.source) \(provider.allowPlaintext) \(authorization.providerCA ?? "")"
    if let known = keyStores[key] { return known }
    provider.tls = try Self.usable { () throws(TLSFault) in
      try TLSClientContext(TLSClientSettings(ca: authorization.providerCA))
    }
    let keyLog = KeyLog(issuer: provider.issuer, log, metrics)
    let store = KeyStore(loop, provider) { keyLog.write($0) }
    keyStores[key] = store
    readiness.watch(store)
    return store
  }

  private func pool(_ configuration: UpstreamConfiguration) throws(StartFailure) -> UpstreamPool {
    var endpoint = UpstreamEndpoint(configuration)
    if let tls = configuration.tls {
      let context = try Self.usable { () throws(TLSFault) in
        try TLSClientContext(TLSClientSettings(tls, http2: configuration.http2))
      }
      endpoint.tls = UpstreamTLS(context, name: tls.serverName)
    }
    let pool = UpstreamPool(loop, endpoint)
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
