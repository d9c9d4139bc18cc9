package import Configuration
import Glibc
import Identity
package import Inbound
import JOSE
package import Net
import Outbound
import Pipeline
import Stages
package import Telemetry

/// Why a gateway does not listen.
package struct StartFailure: Error, CustomStringConvertible {
  package let address: SocketAddress
  package let failure: NetFailure

  /// For example `cannot listen on 127.0.0.1:8080: address already in use (EADDRINUSE)`.
  package var description: String { "cannot listen on \(address): \(failure)" }
}

/// Builds a running gateway from a configuration.
package final class GatewayBuilder {
  private let loop: Loop
  private let configuration: GatewayConfiguration
  private let log: Log
  /// One store for each provider, whoever of the routes uses it.
  private var keyStores: [String: KeyStore] = [:]

  package init(_ loop: Loop, _ configuration: GatewayConfiguration, _ log: Log) {
    self.loop = loop
    self.configuration = configuration
    self.log = log
  }

  /// Builds the routes and listens. Waits for no provider and no backend.
  package func start() throws(StartFailure) -> InboundService {
    let settings = InboundSettings(configuration, descriptors: Self.raiseDescriptorLimit())
    let service = InboundService(loop, settings, Router(routes()), log)
    for listener in configuration.listeners {
      let wanted = SocketAddress(listener.address)
      do throws(NetFailure) {
        let address = try service.listen(wanted, backlog: listener.backlog)
        log.event(.info, "listening") { $0.member("address", text: address.description) }
      } catch {
        throw StartFailure(address: wanted, failure: error)
      }
    }
    return service
  }

  private func routes() -> [Route] {
    var routes: [Route] = []
    for route in configuration.routes {
      let plan = RoutePlan(route, allowedHosts: configuration.allowedHosts)
      var settings = plan.proxySettings
      settings.bodyLimit = configuration.limits.bodySize
      let proxy = Proxy(UpstreamPool(loop, UpstreamEndpoint(route.upstream)), settings)
      switch route.authorization {
      case .anonymous:
        routes.append(
          Self.route(plan, RequestPaths.open(plan, anonymous: .asConfigured(), proxy: proxy)))
      case .token(let authorization):
        let challenge = Challenge(metadataURL: plan.metadataURL, scope: authorization.advertisedScopes)
        let check = tokenCheck(authorization, challenge)
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

  private func tokenCheck(_ authorization: AuthorizationConfiguration, _ challenge: Challenge) -> TokenCheck {
    let policy = TokenPolicy(authorization)
    return TokenCheck(
      TokenVerifier(policy: policy),
      TokenCache(capacity: authorization.tokenCacheEntries, clockSkew: policy.clockSkew),
      keyStore(authorization),
      challenge)
  }

  private func keyStore(_ authorization: AuthorizationConfiguration) -> KeyStore {
    let provider = KeyStore.Provider(
      issuer: authorization.issuer, discoveryURL: authorization.discoveryURL.description,
      allowPlaintext: authorization.allowPlaintextProvider)
    let key = "\(provider.issuer) \(provider.discoveryURL) \(provider.allowPlaintext)"
    if let known = keyStores[key] { return known }
    let store = KeyStore(loop, provider) { [log] event in
      switch event {
      case .fetched(let usable, let skipped):
        log.event(.info, "keys_fetched") { line in
          line.member("issuer", text: provider.issuer)
          line.member("usable", usable)
          line.member("skipped", skipped.count)
        }
      case .failed(let reason):
        log.event(.error, "keys_failed") { line in
          line.member("issuer", text: provider.issuer)
          line.member("detail", text: reason)
        }
      }
    }
    keyStores[key] = store
    return store
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
