package import Web

/// The one client of a provider that registers none: an administrator has entered it, with a secret.
package struct KnownClient: Sendable {
  package let id: String
  package let secret: String
  /// For people.
  package let name: String
  /// The only one, compared byte by byte.
  package let redirectURI: RedirectURI

  package init(id: String, secret: String, name: String, redirectURI: RedirectURI) {
    self.id = id
    self.secret = secret
    self.name = name
    self.redirectURI = redirectURI
  }
}
