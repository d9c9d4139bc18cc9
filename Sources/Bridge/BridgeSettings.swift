/// What one bridge is and does. Knows nothing of the configuration's text.
package struct BridgeSettings {
  /// For logs, cookie names and the context of what is sealed: `[a-z0-9-]`.
  package var name: String
  /// The issuer identifier: the public origin and `path`. Byte-identical wherever it appears (RFC 8414 §3.3).
  package var issuer: String
  /// The path of the issuer; empty when the issuer is the origin.
  package var path: String
  /// Whether browsers come over https, so that cookies can be `Secure` and carry the `__Host-` prefix.
  package var isSecure: Bool
  /// Never empty.
  package var routes: [BridgedRoute]
  package var provider: BridgedProvider
  package var tokens: BridgeTokens
  /// Seconds a refresh token of ours can be used; the provider's own may end before.
  package var refreshTokenLifetime: Int64
  /// Seconds that a user's approval of a client is remembered; 0: it never is.
  package var consentLifetime: Int64
  package var clients: BridgeClientSettings

  package init(
    name: String, issuer: String, path: String, isSecure: Bool, routes: [BridgedRoute], provider: BridgedProvider,
    tokens: BridgeTokens = .passthrough, refreshTokenLifetime: Int64 = 90 * 86_400,
    consentLifetime: Int64 = 30 * 86_400, clients: BridgeClientSettings = BridgeClientSettings()
  ) {
    self.name = name
    self.issuer = issuer
    self.path = path
    self.isSecure = isSecure
    self.routes = routes
    self.provider = provider
    self.tokens = tokens
    self.refreshTokenLifetime = refreshTokenLifetime
    self.consentLifetime = consentLifetime
    self.clients = clients
  }

  /// The one redirect URI that is registered at the provider.
  package var callbackURL: String { issuer + "/callback" }

  /// The scopes of all routes, each once, in the order of the routes.
  package var scopes: [String] {
    var scopes: [String] = []
    for scope in routes.flatMap(\.scopes) where !scopes.contains(scope) { scopes.append(scope) }
    return scopes
  }
}

/// Which MCP clients there are.
package struct BridgeClientSettings: Sendable {
  /// A client that the operator has entered (RFC 7591 §2).
  package struct Entered: Sendable {
    package var id: String
    package var name: String?
    package var redirectURIs: [String]

    package init(id: String, name: String? = nil, redirectURIs: [String]) {
      self.id = id
      self.name = name
      self.redirectURIs = redirectURIs
    }
  }

  package var entered: [Entered] = []
  /// Whether clients can register (RFC 7591).
  package var allowsRegistration = true
  /// Registrations a minute and client address.
  package var registrationLimit = 30
  /// Requests a minute and client address that the provider refuses.
  package var failureLimit = 120
  /// Seconds a registered client id is good.
  package var registrationLifetime: Int64 = 365 * 86_400
  /// Whether a client id can be the URL of a document about the client.
  package var allowsDocuments = true

  package init() {}
}
