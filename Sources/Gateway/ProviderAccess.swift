package import Configuration
package import Identity
package import JOSE
package import Net
package import Outbound

/// What it takes to reach and to judge what an entry of `authorization` names: for the gateway, and for the tools that
/// look at the same things.
package enum ProviderAccess {
  package static func policy(_ entry: AuthorizationConfiguration) -> TokenPolicy { TokenPolicy(entry) }

  package static func tls(_ entry: AuthorizationConfiguration) throws(StartFailure) -> TLSClientContext {
    try StartFailure.usable { () throws(TLSFault) in try TLSClientContext(TLSClientSettings(ca: entry.providerCA)) }
  }

  package static func proxy(_ entry: AuthorizationConfiguration) -> ForwardProxy? {
    entry.providerProxy.map { ForwardProxy($0) }
  }

  package static func keys(_ entry: AuthorizationConfiguration) throws(StartFailure) -> KeyStore.Provider {
    var provider = KeyStore.Provider(entry)
    provider.tls = try tls(entry)
    return provider
  }

  /// - Parameter endpoint: from the provider's metadata, as far as it is known.
  package static func introspection(
    _ configuration: IntrospectionConfiguration, of entry: AuthorizationConfiguration,
    endpoint: @escaping () -> String?
  ) throws(StartFailure) -> Introspector.Settings {
    let configured = configuration.endpoint?.description
    var settings = Introspector.Settings(
      endpoint: { configured ?? endpoint() },
      authentication: try ClientAuthentication(
        configuration.authentication, id: configuration.clientID, issuer: entry.issuer))
    settings.tls = try tls(entry)
    settings.proxy = proxy(entry)
    settings.allowPlaintext = entry.allowPlaintextProvider
    settings.timeout = configuration.timeout.asMilliseconds
    settings.maxRequests = configuration.maxRequests
    return settings
  }

  /// What the challenge of a route with these entries tells clients to ask for.
  package static func challengeScopes(_ entries: [AuthorizationConfiguration]) -> [String] {
    TokenChecks.scopes(entries)
  }

  /// The MCP server of a route.
  package static func upstream(
    _ configuration: UpstreamConfiguration, share: WorkerShare = .all
  ) throws(StartFailure) -> UpstreamEndpoint {
    var endpoint = UpstreamEndpoint(configuration, share: share)
    if let tls = configuration.tls {
      let context = try StartFailure.usable { () throws(TLSFault) in
        try TLSClientContext(TLSClientSettings(tls, http2: configuration.http2))
      }
      endpoint.tls = UpstreamTLS(context, name: tls.serverName)
    }
    return endpoint
  }
}
