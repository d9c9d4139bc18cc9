import Configuration
import Stages

/// A configured route with everything that follows from it.
struct RoutePlan {
  let configuration: RouteConfiguration
  private let allowedHosts: [String]

  init(_ configuration: RouteConfiguration, allowedHosts: [String]) {
    self.configuration = configuration
    self.allowedHosts = allowedHosts
  }

  var path: String { configuration.path }
  /// The URL that clients use.
  var location: String { configuration.location }
  var authority: String { configuration.publicURL.authority }

  /// Pages of the route's own origin may call it, and those the configuration names.
  var origins: [String] { [configuration.publicURL.origin] + configuration.allowedOrigins }

  var metadataPath: String { ProtectedResourceMetadata.path(for: path) }
  var metadataURL: String { configuration.publicURL.origin + metadataPath }

  /// What tokens are for (RFC 8707 §2, RFC 9728 §2).
  var resource: String { configuration.metadata?.resource ?? location }

  /// The entries of `authorization` whose tokens a bridge brings.
  func entries(of bridge: String) -> [AuthorizationConfiguration] {
    guard case .token(let entries) = configuration.authorization else { return [] }
    return entries.filter { $0.bridge == bridge }
  }

  /// The Host values that mean this route.
  var authorities: [String] { Self.authorities(configuration.publicURL, allowedHosts: allowedHosts) }

  /// The Host values that mean a public URL. The names of the loopback interface stand for each other.
  static func authorities(_ url: WebURL, allowedHosts: [String]) -> [String] {
    let host = url.host.contains(":") ? "[\(url.host)]" : url.host
    let names = url.isLoopback ? ["127.0.0.1", "localhost", "[::1]"] : []
    let hosts = [url.authority] + (names + [host]).map { "\($0):\(url.port)" }
    let bare = url.port == url.scheme.defaultPort ? names : []
    return hosts + bare + allowedHosts
  }

  var proxySettings: Proxy.Settings {
    let upstream = configuration.upstream.url
    let headers = configuration.identityHeaders
    return Proxy.Settings(
      routePath: path, upstreamPath: upstream.path.isEmpty ? "/" : upstream.path,
      upstreamAuthority: upstream.authority, publicAuthority: authority,
      publicScheme: configuration.publicURL.scheme.rawValue,
      identityHeaders: IdentityHeaders(
        subject: headers.subject, client: headers.client, scopes: headers.scopes, issuer: headers.issuer),
      bodyLimit: 0)
  }
}
