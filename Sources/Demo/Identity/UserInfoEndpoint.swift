internal import JSON
internal import Web

/// `/userinfo`: what the user's scopes let a client know (OpenID Connect Core §5.3).
struct UserInfoEndpoint {
  let state: ProviderState

  func answer(_ request: LocalRequest, now: Int64) throws -> LocalReply {
    guard let credentials = request.field("authorization") else {
      return LocalReply(status: 401, fields: [("www-authenticate", "Bearer")])
    }
    guard let space = credentials.firstIndex(of: " "), credentials[..<space].lowercased() == "bearer",
      let record = state.accessTokens.value(
        ProviderState.digest(String(credentials[credentials.index(after: space)...])), now: now),
      let grant = state.grants.value(record.grantID, now: now)
    else {
      throw OAuthError(
        code: "invalid_token", description: "the token is unknown, has expired or was revoked", status: 401,
        challenge: "Bearer error=\"invalid_token\"")
    }
    guard record.scopes.contains(.openID) else {
      throw OAuthError(
        code: "insufficient_scope", description: "the token lacks the scope openid", status: 403,
        challenge: "Bearer error=\"insufficient_scope\", scope=\"openid\"")
    }
    var claims: JSONObject = ["sub": .string(grant.user.name)]
    if record.scopes.contains(.profile) {
      claims["name"] = .string(grant.user.fullName)
      claims["preferred_username"] = .string(grant.user.name)
    }
    if record.scopes.contains(.email) {
      claims["email"] = .string(grant.user.email)
      claims["email_verified"] = true
    }
    return .json(.object(claims))
  }
}
