import Bytes
import JOSE
import JSON
import Web

/// Judges requests for tokens (RFC 6749 §4.1.3, §6; OAuth 2.1). Pure: everything it looks at was sealed here or has been
/// sent.
struct GrantJudge {
  let context: BridgeContext

  private var settings: BridgeSettings { context.settings }

  /// Only these two grants: the gateway's own credentials at the provider never go with any other.
  func judge(_ form: ClientForm, now: Int64) throws(TokenRefusal) -> GrantRequest {
    if let refusal = context.clients.objection(to: form.clientID, now: now) {
      throw TokenRefusal(
        OAuthError(
          code: "invalid_client", description: "the client is not known here, or its registration has expired",
          // RFC 6749 §5.2.
          status: 401, challenge: form.hasCredentials ? #"Basic realm="\#(settings.issuer)""# : nil),
        reason: refusal.reason, detail: refusal.detail)
    }
    switch form.parameters["grant_type"] {
    case "authorization_code": return try redeem(form, now: now)
    case "refresh_token": return try refresh(form, now: now)
    case nil: throw .malformed("grant_type is missing")
    default:
      throw TokenRefusal(
        OAuthError(
          code: "unsupported_grant_type", description: "grant_type is authorization_code or refresh_token"),
        reason: "bridge_unsupported_grant")
    }
  }

  // MARK: Codes

  private func redeem(_ form: ClientForm, now: Int64) throws(TokenRefusal) -> GrantRequest {
    guard let text = form.parameters["code"] else { throw .malformed("code is missing") }
    guard let code = AuthorizationCode(opening: text, with: context.sealer, now: now) else {
      throw refusal("the code was not issued here, or has expired", reason: "bridge_code_unusable")
    }
    guard code.clientDigest == form.clientDigest else {
      throw refusal("the code belongs to another client", reason: "bridge_code_of_another_client")
    }
    try check(form.parameters, code)
    let route = try route(code.resource, form.parameters)
    let entitlement = Entitlement(
      clientDigest: code.clientDigest, shownClientID: code.shownClientID, route: route, scopes: code.scopes,
      asked: code.scopes, grantedAt: now, nonce: code.nonce)
    var request = ProviderRequest(.token, [("grant_type", "authorization_code"), ("code", code.providerCode)])
    request.append("redirect_uri", settings.callbackURL)
    request.append("code_verifier", code.verifier)
    request.append("resource", settings.provider.resource)
    return GrantRequest(entitlement: entitlement, provider: request)
  }

  /// That who comes with the code is who asked for it.
  private func check(_ parameters: FormParameters, _ code: AuthorizationCode) throws(TokenRefusal) {
    // RFC 6749 §4.1.3. Who named none there, having only one, may leave it out.
    let redirectURI = parameters["redirect_uri"]
    guard redirectURI?.hasSameBytes(as: code.redirectURI) ?? !code.namesRedirectURI else {
      throw refusal(
        "redirect_uri is not that of the authorization request", reason: "bridge_redirect_uri_differs")
    }
    guard let verifier = parameters["code_verifier"] else { throw .malformed("code_verifier is missing") }
    // RFC 7636 §4.1, §4.6.
    guard 43...128 ~= verifier.utf8.count,
      ConstantTime.equals(Base64URL.encode(Digest.sha256(Array(verifier.utf8))), code.challenge)
    else { throw refusal("code_verifier does not match", reason: "bridge_verifier_differs") }
  }

  // MARK: Refresh tokens

  private func refresh(_ form: ClientForm, now: Int64) throws(TokenRefusal) -> GrantRequest {
    guard let text = form.parameters["refresh_token"] else { throw .malformed("refresh_token is missing") }
    let grant: RefreshGrant
    switch RefreshGrant.open(text, with: context.sealer, lifetime: settings.refreshTokenLifetime, now: now) {
    case .grant(let opened): grant = opened
    case .expired: throw refusal("the refresh token has expired", reason: "bridge_refresh_token_expired")
    case .foreign: throw refusal("the refresh token was not issued here", reason: "bridge_refresh_token_unusable")
    }
    guard grant.clientDigest == form.clientDigest else {
      throw refusal("the refresh token belongs to another client", reason: "bridge_refresh_token_of_another_client")
    }
    let route = try route(grant.resource, form.parameters)
    let asked = try scopes(form.parameters["scope"], within: grant.scopes)
    let entitlement = Entitlement(
      clientDigest: grant.clientDigest, shownClientID: grant.shownClientID, route: route, scopes: grant.scopes,
      asked: asked ?? grant.scopes, grantedAt: grant.grantedAt, claims: grant.claims,
      providerRefreshToken: grant.providerToken)
    var request = ProviderRequest(
      .token, [("grant_type", "refresh_token"), ("refresh_token", grant.providerToken)])
    if asked != nil || settings.provider.refreshesWithScope {
      let scopes = context.translation(for: route).toProvider(entitlement.asked)
      request.append("scope", scopes.isEmpty ? nil : scopes.joined(separator: " "))
    }
    request.append("resource", settings.provider.resource)
    return GrantRequest(entitlement: entitlement, provider: request)
  }

  /// - Returns: nil when nothing less than everything is asked for.
  private func scopes(_ text: String?, within granted: [String]) throws(TokenRefusal) -> [String]? {
    guard let text else { return nil }
    var asked: [String] = []
    for word in text.split(separator: " ") {
      let scope = String(word)
      guard granted.contains(where: scope.hasSameBytes(as:)) else {
        throw TokenRefusal(
          .invalidScope("a refresh cannot widen the scope"), reason: "bridge_scope_widened")
      }
      if !asked.contains(scope) { asked.append(scope) }
    }
    return asked.isEmpty || granted.allSatisfy(asked.contains) ? nil : asked
  }

  // MARK: Both

  /// The resource cannot change after the user has decided (RFC 8707 §2.2).
  private func route(_ resource: String, _ parameters: FormParameters) throws(TokenRefusal) -> BridgedRoute {
    guard let route = context.route(resource: resource) else {
      throw refusal("the resource is not reached here any more", reason: "bridge_resource_gone")
    }
    let wanted = parameters.all("resource")
    guard !wanted.isEmpty else { return route }
    do throws(OAuthError) {
      let other = try ResourceMatch.route(for: wanted, among: settings.routes)
      guard other.resource.hasSameBytes(as: route.resource) else {
        throw OAuthError.invalidTarget("the grant is for another resource")
      }
    } catch {
      throw TokenRefusal(error, reason: "bridge_resource_differs")
    }
    return route
  }

  private func refusal(_ description: String, reason: StaticString) -> TokenRefusal {
    TokenRefusal(.invalidGrant(description), reason: reason)
  }
}
