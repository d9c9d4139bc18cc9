import JSON

/// What a client is entitled to, by a code or by a refresh token, and what of that it asks for.
struct Entitlement {
  let clientDigest: [UInt8]
  let shownClientID: String
  let route: BridgedRoute
  /// All that goes with the grant, as the client knows them.
  var scopes: [String]
  /// What the next token is for: all of them or fewer.
  var asked: [String]
  /// When the user decided: seconds since 1970.
  let grantedAt: Int64
  /// To be found in the provider's ID token; nil: it is not looked for.
  var nonce: String?
  /// Of the user's ID token, from an earlier answer of the provider.
  var claims: JSONObject?
  /// What goes on being good when the provider sends no other; nil with a code.
  var providerRefreshToken: String?
}

extension Entitlement {
  /// The same without some scopes, now and for good.
  func without(_ withheld: [String]) -> Entitlement {
    var rest = self
    rest.scopes.removeAll(where: withheld.contains)
    rest.asked.removeAll(where: withheld.contains)
    return rest
  }
}

/// A request for tokens that has passed all that is asked here: what is left is the provider's word.
struct GrantRequest {
  let entitlement: Entitlement
  let provider: ProviderRequest
}
