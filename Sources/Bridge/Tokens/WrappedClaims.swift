import JOSE
import JSON

/// The claims of a token that we make: the provider's, with what is ours to say.
struct WrappedClaims {
  let members: JSONObject
  /// Seconds since 1970.
  let expiry: Int64

  /// What only ID tokens have (OpenID Connect Core §2, §3.3.2.11).
  static let ofIdentityTokens = ["nonce", "at_hash", "c_hash", "s_hash"]

  /// - Parameters:
  ///   - claims: as they were verified.
  ///   - scopes: nil: the claims have them.
  ///   - audience: nil: the claims have it.
  ///   - end: seconds since 1970 at which the token ends at the latest.
  /// - Returns: nil when there would be no time left to use it.
  init?(
    _ claims: JSONObject, _ policy: TokenPolicy, clientID: String, scopes: [String]?, audience: String?, end: Int64,
    now: Int64
  ) {
    var members = claims
    for name in Self.ofIdentityTokens { members[name] = nil }
    members.replaceClaims(policy.clientClaims, by: .string(clientID))
    if let scopes { members.replaceClaims(policy.scopeClaims, by: .string(scopes.joined(separator: " "))) }
    if let audience { members["aud"] = [.string(audience)] }
    expiry = min(claims["exp"]?.integerValue ?? .max, end)
    guard expiry > now else { return nil }
    members["exp"] = .integer(expiry)
    members["iat"] = .integer(now)
    self.members = members
  }
}

extension JSONObject {
  /// Sets the first of these claims, and takes out all others, also those inside of other claims.
  fileprivate mutating func replaceClaims(_ names: [String], by value: JSONValue) {
    for name in names { removeClaim(name[...]) }
    if let first = names.first { self[first] = value }
  }

  /// What `claim(_:)` finds by that name, wherever it finds it.
  private mutating func removeClaim(_ path: Substring) {
    self[String(path)] = nil
    var search = path.startIndex
    while let dot = path[search...].utf8.firstIndex(of: 0x2E) {
      search = path.utf8.index(after: dot)
      let outer = String(path[..<dot])
      guard case .object(var inner)? = self[outer] else { continue }
      inner.removeClaim(path[search...])
      self[outer] = .object(inner)
    }
  }
}
