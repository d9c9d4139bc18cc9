import JOSE
import JSON
import Pipeline
import Web

/// Makes our answer to a client of the provider's answer to us.
final class TokenIssuer {
  private let context: BridgeContext
  /// Nil: clients get the provider's access tokens.
  private let wrapper: TokenWrapper?

  init(_ context: BridgeContext, _ wrapper: TokenWrapper?) {
    self.context = context
    self.wrapper = wrapper
  }

  /// What a client is to get.
  private struct Issue {
    let accessToken: String
    let lifetime: Int64?
    let scopes: [String]
    let claims: JSONObject?
  }

  /// - Returns: what to cancel when the client goes away; nil when `completion` has been called inside this call.
  func issue(
    _ answer: JSONObject, to entitlement: Entitlement, now: Int64, completion: @escaping (LocalReply) -> Void
  ) -> (any Cancellable)? {
    let tokens: ProviderTokens
    do throws(TokenRefusal) {
      tokens = try ProviderTokens(answer)
    } catch {
      completion(error.reply)
      return nil
    }
    let granted = tokens.scopes.map {
      context.translation(for: entitlement.route).toClient($0, asked: entitlement.asked)
    }
    guard let wrapper else {
      let issue = Issue(
        accessToken: tokens.accessToken, lifetime: tokens.lifetime, scopes: granted ?? entitlement.asked, claims: nil)
      completion(reply(issue, tokens, entitlement))
      return nil
    }
    let entitlement = narrowed(entitlement, tokens, wrapper)
    return wrapper.wrap(tokens, for: entitlement, now: now) { [self] result in
      switch result {
      case .success(let wrapped):
        let scopes = wrapped.scopes ?? granted ?? entitlement.asked
        let issue = Issue(
          accessToken: wrapped.token, lifetime: wrapped.lifetime, scopes: scopes, claims: wrapped.claims)
        completion(reply(issue, tokens, entitlement))
      case .failure(let refusal): completion(refusal.reply)
      }
    }
  }

  /// ID tokens hold no scopes: what the user has allowed here counts, less what he or the provider has withheld there.
  private func narrowed(
    _ entitlement: Entitlement, _ tokens: ProviderTokens, _ wrapper: TokenWrapper
  ) -> Entitlement {
    guard wrapper.decidesScopes, let granted = tokens.scopes else { return entitlement }
    let translation = context.translation(for: entitlement.route)
    return entitlement.without(translation.withheld(entitlement.asked, granted: granted))
  }

  /// RFC 6749 §5.1. Without an ID token, whose audience is the gateway.
  private func reply(_ issue: Issue, _ tokens: ProviderTokens, _ entitlement: Entitlement) -> LocalReply {
    var members: JSONObject = ["access_token": .string(issue.accessToken), "token_type": "Bearer"]
    members["expires_in"] = issue.lifetime.map { .integer($0) }
    if !issue.scopes.isEmpty { members["scope"] = .string(issue.scopes.joined(separator: " ")) }
    do throws(CryptoFailure) {
      members["refresh_token"] = try refreshToken(issue, tokens, entitlement).map { .string($0) }
    } catch {
      return TokenRefusal.sealing(error.description).reply
    }
    var reply = LocalReply.json(.object(members), fields: TokenReply.fields)
    reply.detail = "client \(entitlement.shownClientID)"
    return reply
  }

  /// The provider's newest one, sealed. A narrower token does not narrow the grant (RFC 6749 §6).
  private func refreshToken(
    _ issue: Issue, _ tokens: ProviderTokens, _ entitlement: Entitlement
  ) throws(CryptoFailure) -> String? {
    guard let token = tokens.refreshToken ?? entitlement.providerRefreshToken else { return nil }
    var scopes = entitlement.scopes
    for scope in issue.scopes where !scopes.contains(scope) { scopes.append(scope) }
    let grant = RefreshGrant(
      providerToken: token, clientDigest: entitlement.clientDigest, shownClientID: entitlement.shownClientID,
      resource: entitlement.route.resource, scopes: scopes, grantedAt: entitlement.grantedAt, claims: issue.claims)
    return try grant.sealed(with: context.sealer, lifetime: context.settings.refreshTokenLifetime)
  }
}
