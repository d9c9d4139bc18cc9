/// What clients get as access tokens.
package enum BridgeTokens: Equatable, Sendable {
  /// The provider's, unchanged.
  case passthrough
  /// Ours: the verified claims and the MCP client's own id, sealed; good for `lifetime` seconds at the most.
  case wrap(claims: ClaimsSource, lifetime: Int64)

  /// Where the claims of wrapped tokens come from.
  package enum ClaimsSource: Sendable {
    /// The provider's access token: a JWT, or what introspection says about it.
    case accessToken
    /// The provider's ID token, whose audience is the gateway itself.
    case identityToken
  }
}
