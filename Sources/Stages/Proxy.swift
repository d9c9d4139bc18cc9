import Bytes
package import HTTP
package import Outbound
package import Pipeline
package import Telemetry

/// Sends an admitted request to the backend and its response back.
package final class Proxy: AdmittedStage, AmendingStep {
  /// What of a route the proxy must know.
  package struct Settings: Sendable {
    /// The route's path, which the backend's replaces.
    package var routePath: String
    /// The path at the backend.
    package var upstreamPath: String
    /// The backend's host and port, for the Host field (GW-72).
    package var upstreamAuthority: String
    /// Host and scheme that clients see, for X-Forwarded-* and Forwarded.
    package var publicAuthority: String
    package var publicScheme: String
    package var identityHeaders: IdentityHeaders
    /// Bytes of a request body; 0 means no limit.
    package var bodyLimit: Int

    package init(
      routePath: String, upstreamPath: String, upstreamAuthority: String, publicAuthority: String,
      publicScheme: String, identityHeaders: IdentityHeaders, bodyLimit: Int
    ) {
      self.routePath = routePath
      self.upstreamPath = upstreamPath
      self.upstreamAuthority = upstreamAuthority
      self.publicAuthority = publicAuthority
      self.publicScheme = publicScheme
      self.identityHeaders = identityHeaders
      self.bodyLimit = bodyLimit
    }
  }

  package let label: StaticString = "proxy"
  private let pool: UpstreamPool
  private let rewriter: RequestRewriter
  private let bodyLimit: Int
  private let metrics: Metrics

  package init(_ pool: UpstreamPool, _ settings: Settings, _ metrics: Metrics = Metrics()) {
    self.pool = pool
    self.metrics = metrics
    rewriter = RequestRewriter(settings)
    bodyLimit = settings.bodyLimit
  }

  package func handle(_ exchange: Exchange, _ admission: Admission) -> Verdict {
    // TRACE would send the client what only the backend may see.
    guard exchange.request.method != .trace else { return .reject(.methodNotAllowed) }
    if bodyLimit > 0, case .known(let length) = exchange.bodyLength, length > bodyLimit {
      return .reject(.bodyTooLarge)
    }
    rewriter.rewrite(exchange, admission)
    let forwarding = Forwarding(exchange, pool, rewriter, bodyLimit: bodyLimit, metrics)
    exchange.undertake(forwarding)
    pool.acquire(for: forwarding)
    return .taken
  }

  package func amend(_ head: ResponseHead, _ exchange: Exchange) {
    // The client never gets to send a cookie back, so the backend need not set one.
    head.fields.removeAll(.setCookie)
  }
}
