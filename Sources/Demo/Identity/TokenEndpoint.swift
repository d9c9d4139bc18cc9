internal import Bytes
internal import JOSE
internal import JSON
internal import Web

/// `/token`: turns codes and refresh tokens into access tokens (RFC 6749 §4.1.3, §6).
struct TokenEndpoint {
  let state: ProviderState

  func answer(_ request: LocalRequest, now: Int64) throws -> LocalReply {
    guard request.mediaType == "application/x-www-form-urlencoded", let form = FormParameters(request.body),
      !form.hasRepeated
    else { throw OAuthError.invalidRequest("the body is a form in which no parameter repeats") }
    let client = try ClientIdentification(state: state).client(request, form, now: now)
    switch form["grant_type"] {
    case "authorization_code": return try redeem(form, client, now: now)
    case "refresh_token": return try refresh(form, client, now: now)
    case nil: throw OAuthError.invalidRequest("grant_type is missing")
    default:
      throw OAuthError(
        code: "unsupported_grant_type", description: "grant_type is authorization_code or refresh_token")
    }
  }

  /// Any attempt spends the code; a wrong one, or a second one, ends the whole grant (RFC 6749 §4.1.2).
  private func redeem(_ form: FormParameters, _ client: RegisteredClient, now: Int64) throws -> LocalReply {
    guard let text = form["code"] else { throw OAuthError.invalidRequest("code is missing") }
    guard let code = state.codes.value(text, now: now) else {
      throw OAuthError.invalidGrant("the code is unknown or has expired")
    }
    guard !code.isSpent else {
      state.grants.remove(code.grantID)
      throw OAuthError.invalidGrant("the code has been used before")
    }
    state.codes.update(text) { $0.isSpent = true }
    do {
      guard let grant = state.grants.value(code.grantID, now: now), grant.clientID == client.id else {
        throw OAuthError.invalidGrant("the code belongs to another client")
      }
      guard form["redirect_uri"]?.hasSameBytes(as: code.redirectURI) == true else {
        throw OAuthError.invalidGrant("redirect_uri is not that of the authorization request")
      }
      guard let verifier = form["code_verifier"], 43...128 ~= verifier.utf8.count,
        ConstantTime.equals(Base64URL.encode(Digest.sha256(Array(verifier.utf8))), code.challenge)
      else { throw OAuthError.invalidGrant("code_verifier does not match") }
      try check(form, grant)
      return try issue(grant, scopes: grant.scopes, client, withIdentity: true, now: now)
    } catch {
      state.grants.remove(code.grantID)
      throw error
    }
  }

  /// Each refresh token works once; a second use means that two parties hold it, and ends the grant (RFC 9700
  /// §4.14.2).
  private func refresh(_ form: FormParameters, _ client: RegisteredClient, now: Int64) throws -> LocalReply {
    guard let text = form["refresh_token"] else {
      throw OAuthError.invalidRequest("refresh_token is missing")
    }
    guard let token = state.refreshTokens.value(text, now: now),
      let grant = state.grants.value(token.grantID, now: now), grant.clientID == client.id
    else { throw OAuthError.invalidGrant("the refresh token is unknown, has expired or was revoked") }
    guard !token.isSpent else {
      state.grants.remove(grant.id)
      throw OAuthError.invalidGrant("the refresh token has been used before")
    }
    try check(form, grant)
    let scopes = form["scope"].map { DemoScope.requested($0) } ?? grant.scopes
    guard !scopes.isEmpty, scopes.allSatisfy(grant.scopes.contains) else {
      throw OAuthError.invalidScope("a refresh cannot widen the scope")
    }
    state.refreshTokens.update(text) { $0.isSpent = true }
    return try issue(grant, scopes: scopes, client, withIdentity: false, now: now)
  }

  /// The resource cannot change after the user has decided.
  private func check(_ form: FormParameters, _ grant: Grant) throws(OAuthError) {
    if let audience = try state.resources.audience(form), audience != grant.audience {
      throw .invalidTarget("the grant is for another resource")
    }
  }

  private func issue(
    _ grant: Grant, scopes: [DemoScope], _ client: RegisteredClient, withIdentity: Bool, now: Int64
  ) throws(CryptoFailure) -> LocalReply {
    let access = try state.tokens.accessToken(grant, scopes: scopes, now: now)
    state.accessTokens.insert(
      AccessRecord(grantID: grant.id, scopes: scopes), ProviderState.digest(access),
      expiry: now + Lifetime.accessToken, now: now)
    var answer: JSONObject = [
      "access_token": .string(access), "token_type": "Bearer", "expires_in": .integer(Lifetime.accessToken),
      "scope": .string(scopes.text),
    ]
    if client.mayRefresh {
      let refresh = try ProviderState.secret()
      state.refreshTokens.insert(
        RefreshToken(grantID: grant.id), refresh, expiry: grant.issuedAt + Lifetime.grant, now: now)
      answer["refresh_token"] = .string(refresh)
    }
    if withIdentity, scopes.contains(.openID) {
      answer["id_token"] = .string(try state.tokens.identityToken(grant, accessToken: access, now: now))
    }
    return .json(.object(answer), fields: [("pragma", "no-cache")])
  }
}
