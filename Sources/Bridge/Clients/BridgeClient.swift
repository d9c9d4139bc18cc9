package import Web

/// An MCP client that may ask for tokens: public, known by nothing but its redirect URIs.
package struct BridgeClient: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// By itself (RFC 7591).
    case registered
    /// Described by a document at this host.
    case document(host: String)
    /// Entered by the operator.
    case configured
  }

  /// As the client sends it.
  package let id: String
  /// For logs and tokens: short, and never a secret.
  package let shownID: String
  /// What the client calls itself, without characters that could disguise it. Checked by nobody but for configured ones.
  package let name: String?
  /// Never empty.
  package let redirectURIs: [RedirectURI]
  package let kind: Kind

  init(id: String, shownID: String, name: String?, redirectURIs: [RedirectURI], kind: Kind) {
    self.id = id
    self.shownID = shownID
    self.name = name
    self.redirectURIs = redirectURIs
    self.kind = kind
  }

  /// A client that the operator has entered.
  package init(_ entered: BridgeClientSettings.Entered) throws(OAuthError) {
    var uris: [RedirectURI] = []
    for text in entered.redirectURIs { uris.append(try RedirectURI(text)) }
    self.init(
      id: entered.id, shownID: entered.id, name: entered.name.flatMap { DisplayName.cleaned($0) }, redirectURIs: uris,
      kind: .configured)
  }

  /// Whether users may be sent there: byte by byte what is registered (RFC 6749 §3.1.2.3), but for the port of
  /// loopback addresses, which a client learns when it starts (RFC 8252 §7.3); that goes for `localhost`, too.
  package func mayRedirect(to uri: String) -> Bool {
    guard let uri = try? RedirectURI(uri) else { return false }
    return redirectURIs.contains { uri.matches($0) }
  }
}
