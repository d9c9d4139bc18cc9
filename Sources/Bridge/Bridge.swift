package import Identity
package import JOSE
import JSON
package import Net
import Pipeline
package import Web

/// The MCP OAuth proxy: an authorization server of the gateway's own, for providers and clients that do not fit
/// together. It stores nothing. What it has to remember is sealed, and kept by the client or the browser.
///
/// Towards MCP clients it registers, asks for consent and gives out codes and tokens; towards the provider the gateway
/// is one client with one redirect URI.
package final class Bridge {
  /// The authorization server metadata (RFC 8414 §3.2), as JSON.
  package let metadata: [UInt8]
  /// What it answers at which path below its issuer.
  package let endpoints: [(path: String, service: any LocalService)]

  /// - Parameters:
  ///   - documents: how client id metadata documents are reached; nil: a URL is no client id.
  ///   - introspector: who knows what access tokens mean that only the provider can read.
  /// - Throws: `invalid_redirect_uri` for a configured client that has one of no use.
  package init(
    _ loop: Loop, _ settings: BridgeSettings, _ sealer: Sealer, documents: ClientDocumentStore?,
    introspector: Introspector?
  ) throws(OAuthError) {
    var entered: [BridgeClient] = []
    for client in settings.clients.entered { entered.append(try BridgeClient(client)) }
    let seal =
      settings.clients.allowsRegistration
      ? ClientSeal(sealer, lifetime: settings.clients.registrationLifetime) : nil
    let context = BridgeContext(
      settings: settings, sealer: sealer,
      clients: ClientDirectory(configured: entered, seal: seal, documents: documents))
    let provider = ProviderClient(loop, settings.provider)
    var endpoints: [(path: String, service: any LocalService)] = [
      ("/authorize", AuthorizationEndpoint(context)),
      ("/consent", ConsentEndpoint(context)),
      ("/callback", CallbackEndpoint(context)),
      ("/token", TokenEndpoint(context, provider, Self.wrapper(settings, sealer, introspector))),
      ("/revoke", RevocationEndpoint(context, provider)),
    ]
    if let seal {
      endpoints.append(("/register", ClientRegistration(seal, limit: settings.clients.registrationLimit)))
    }
    self.endpoints = endpoints
    metadata = AuthorizationServerMetadata.document(settings).serialized()
  }

  private static func wrapper(
    _ settings: BridgeSettings, _ sealer: Sealer, _ introspector: Introspector?
  ) -> TokenWrapper? {
    guard case .wrap(let source, let lifetime) = settings.tokens else { return nil }
    let keys = settings.provider.keyStore
    return TokenWrapper(
      source, lifetime: lifetime, clientID: settings.provider.clientID, sealer: sealer,
      keys: keys, introspection: introspector.map { TokenWrapper.asking($0, keys) })
  }
}
