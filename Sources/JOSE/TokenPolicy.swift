/// What an access token must look like on one route. All kinds of conditions must hold, one entry of each is
/// enough; an empty list means that its kind is not looked at.
package struct TokenPolicy: Equatable, Sendable {
  /// Compared code point by code point (RFC 9068 §4).
  package var issuer: String
  package var audiences: [String]
  package var clients: [String]
  /// Claims that may name the client; the first one present decides.
  package var clientClaims: [String]
  package var scopes: [String]
  /// Claims that carry granted scopes: space-separated in a string, or an array of strings. All of them
  /// count.
  package var scopeClaims: [String]
  package var customClaims: [ClaimRule]
  /// Seconds that the issuer's clock may differ from ours.
  package var clockSkew: Int64

  package static let defaultClientClaims = ["client_id", "azp", "cid", "appid"]
  package static let defaultScopeClaims = ["scope", "scp"]
  package static let defaultClockSkew: Int64 = 60

  package init(
    issuer: String, audiences: [String] = [], clients: [String] = [],
    clientClaims: [String] = defaultClientClaims, scopes: [String] = [],
    scopeClaims: [String] = defaultScopeClaims, customClaims: [ClaimRule] = [],
    clockSkew: Int64 = defaultClockSkew
  ) {
    self.issuer = issuer
    self.audiences = audiences
    self.clients = clients
    self.clientClaims = clientClaims
    self.scopes = scopes
    self.scopeClaims = scopeClaims
    self.customClaims = customClaims
    self.clockSkew = clockSkew
  }
}
