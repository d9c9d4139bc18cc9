import Configuration
import JSON
import Pipeline
import Stages
import Telemetry
import Web

/// What happens to a request, top to bottom: the stages of every kind of route stand here in their order.
enum RequestPaths {
  /// A route that asks for a token.
  static func guarded(_ route: RoutePlan, challenge: Challenge, check: TokenCheck, proxy: Proxy)
    -> RequestPath
  {
    RequestPath(
      [
        OriginPolicy(allowed: route.origins),  // pages that may not call: 403; CORS preflight: 204
        CanonicalPath(path: route.path, url: route.location),  // a slash too many: 308
        ChallengeStage(challenge),  // no token: 401, and where to get one
        HostPolicy(allowed: route.authorities),  // somebody else's host: 421
      ],
      gate: check,  // 400, 401, 403, 503, or a VerifiedToken
      admitted: [
        proxy  // to the backend and back
      ])
  }

  /// A route whose configuration says `authorization: none`.
  static func open(_ route: RoutePlan, anonymous: Anonymous, proxy: Proxy) -> RequestPath {
    RequestPath(
      [
        OriginPolicy(allowed: route.origins),
        CanonicalPath(path: route.path, url: route.location),
        HostPolicy(allowed: route.authorities),
      ],
      gate: OpenGate(anonymous),
      admitted: [proxy])
  }

  /// The protected resource metadata of a route.
  static func metadata(_ metadata: ProtectedResourceMetadata) -> RequestPath {
    document(metadata.document.serialized())
  }

  /// A public document, made once.
  static func document(_ text: [UInt8]) -> RequestPath {
    RequestPath(local: [ResourceMetadata(document: text)])
  }

  /// An endpoint of a bridge: for browsers and clients without a token.
  static func bridge(_ endpoint: LocalServiceStage, authorities: [String]) -> RequestPath {
    RequestPath(local: [
      HostPolicy(allowed: authorities),  // somebody else's host: 421
      endpoint,
    ])
  }

  /// The operator's pages.
  static func admin(metrics: any Stage, health: any Stage, readiness: any Stage) -> [Route] {
    [
      Route(name: "metrics", authority: nil, path: "/metrics", isPrefix: false, RequestPath(local: [metrics])),
      Route(name: "health", authority: nil, path: "/healthz", isPrefix: false, RequestPath(local: [health])),
      Route(name: "readiness", authority: nil, path: "/readyz", isPrefix: false, RequestPath(local: [readiness])),
    ]
  }

  /// Well-known documents that the gateway does not have: 404, also where a route begins at the root (GW-64).
  static var unknownDocuments: RequestPath { RequestPath(local: []) }
}
