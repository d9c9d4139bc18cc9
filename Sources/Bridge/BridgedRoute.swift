package import JOSE

/// A route that clients reach with tokens from a bridge.
package struct BridgedRoute {
  /// For logs.
  package var name: String
  /// Its URL as clients know it, without a slash at the end (RFC 8707 §2, RFC 9728 §2).
  package var resource: String
  /// What the consent page calls it.
  package var title: String
  /// What clients ask for.
  package var scopes: [String]
  /// How the provider calls those scopes that it calls differently.
  package var providerScopes: [String: String]
  /// What provider tokens for this route have to be before they are wrapped; claims and scopes are read as it says.
  package var policy: TokenPolicy

  package init(
    name: String, resource: String, title: String, scopes: [String], providerScopes: [String: String] = [:],
    policy: TokenPolicy
  ) {
    self.name = name
    self.resource = resource
    self.title = title
    self.scopes = scopes
    self.providerScopes = providerScopes
    self.policy = policy
  }
}
