package import Identity
package import Net
package import Outbound

/// The identity provider behind a bridge, and how it wants to be asked.
package struct BridgedProvider {
  /// Keys of the provider, and with them its metadata: where its endpoints are.
  package var keyStore: KeyStore
  package var issuer: String
  /// The gateway's own client there.
  package var clientID: String
  /// Nil: the gateway is a public client there.
  package var authentication: ClientAuthentication?

  /// In place of what the metadata says.
  package var authorizationEndpoint: String?
  package var tokenEndpoint: String?
  package var revocationEndpoint: String?

  /// How its https endpoints are reached; without it they cannot be.
  package var tls: TLSClientContext?
  package var proxy: ForwardProxy?
  /// Whether http to it is accepted beyond loopback.
  package var allowsPlaintext = false

  /// Put before scopes that are not OpenID Connect's.
  package var scopePrefix: String?
  /// Asked for besides, whatever the client asks for.
  package var extraScopes: [String] = []
  /// Never asked for.
  package var droppedScopes: [String] = []
  /// `resource` of the authorization request and the token requests (RFC 8707); nil: left out.
  package var resource: String?
  /// `audience` of the authorization request.
  package var audience: String?
  /// Further parameters of the authorization request.
  package var authorizationParameters: [(name: String, value: String)] = []
  /// Whether refreshing has to name the scopes again.
  package var refreshesWithScope = false

  package init(keyStore: KeyStore, issuer: String, clientID: String, authentication: ClientAuthentication? = nil) {
    self.keyStore = keyStore
    self.issuer = issuer
    self.clientID = clientID
    self.authentication = authentication
  }
}
