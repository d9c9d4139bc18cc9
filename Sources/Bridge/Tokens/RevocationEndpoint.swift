import JOSE
import JSON
import Net
import Pipeline
package import Web

/// `/revoke`: ends a grant (RFC 7009). Nothing is stored here, so that is for the provider to do.
package final class RevocationEndpoint: LocalService {
  private let context: BridgeContext
  private let provider: any ProviderCalls

  package init(_ context: BridgeContext, _ provider: any ProviderCalls) {
    self.context = context
    self.provider = provider
  }

  /// What is to be done about a token.
  private enum Plan {
    /// It opens nothing: that is what the client wants (RFC 7009 §2.2).
    case nothing
    case ask(ProviderRequest)
  }

  /// Bytes of a provider's token. Longer ones are not passed on.
  private static let longest = 16 * 1024

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer {
    if let reply = TokenReply.unlessPost(request.method) { return .reply(reply) }
    do throws(TokenRefusal) {
      switch try plan(ClientForm(request), from: request.clientAddress, now: now) {
      case .nothing: return .reply(Self.done)
      case .ask(let request): return .suspended(ask(request))
      }
    } catch {
      return .reply(error.reply)
    }
  }

  private static let done = LocalReply(status: 200, fields: TokenReply.fields)

  /// What the token is, it says itself: the hint is only one (RFC 7009 §2.1).
  private func plan(_ form: ClientForm, from client: [UInt8], now: Int64) throws(TokenRefusal) -> Plan {
    guard let token = form.parameters["token"] else { throw .malformed("token is missing") }
    let lifetime = context.settings.refreshTokenLifetime
    switch RefreshGrant.open(token, with: context.sealer, lifetime: lifetime, now: now) {
    case .expired: return .nothing
    case .grant(let grant):
      guard grant.clientDigest == form.clientDigest else {
        throw TokenRefusal(
          .invalidGrant("the refresh token belongs to another client"), reason: "bridge_refresh_token_of_another_client"
        )
      }
      return .ask(
        ProviderRequest(.revocation, [("token", grant.providerToken), ("token_type_hint", "refresh_token")]))
    case .foreign: return try plan(accessToken: token, from: client, now: now)
    }
  }

  private func plan(accessToken token: String, from client: [UInt8], now: Int64) throws(TokenRefusal) -> Plan {
    switch context.settings.tokens {
    case .wrap:
      // Good until it ends, which is soon: there is no list to strike it off.
      guard case .payload = context.sealer.open(token, for: WrappedTokens.purpose, now: now) else { return .nothing }
      throw Self.unsupported("access tokens of this server end by themselves: revoke the refresh token")
    case .passthrough:
      guard token.utf8.count <= Self.longest, token.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { return .nothing }
      // The provider agrees to anything (RFC 7009 §2.2), so what has been made up cannot be told from what has not.
      if let seconds = context.failures.wait(for: client, now: now) {
        throw TokenRefusal.tooManyFailures(retryAfter: seconds)
      }
      context.failures.spend(client, now: now)
      return .ask(ProviderRequest(.revocation, [("token", token), ("token_type_hint", "access_token")]))
    }
  }

  private func ask(_ request: ProviderRequest) -> Suspension<LocalReply> {
    let parked = Suspension<LocalReply>()
    let call = provider.send(request) { parked.resume(Self.reply($0)) }
    if let call { parked.onCancel { call.cancel(.clientGone) } }
    return parked
  }

  private static func reply(_ answer: ProviderOutcome) -> LocalReply {
    switch answer {
    case .success: done
    case .refused(let error): reply(error)
    case .unavailable(let seconds, let reason):
      TokenRefusal.unavailable(retryAfter: seconds, detail: reason).reply
    case .noEndpoint: unsupported("the identity provider revokes no tokens").reply
    }
  }

  private static func reply(_ error: ProviderError) -> LocalReply {
    switch error.code {
    // It is of no use there already.
    case "invalid_grant", "invalid_token": done
    case "unsupported_token_type": unsupported("the identity provider does not revoke such tokens").reply
    default: TokenRefusal.misconfigured(reason: "bridge_client_refused", detail: error.detail).reply
    }
  }

  /// RFC 7009 §2.2.1.
  private static func unsupported(_ description: String) -> TokenRefusal {
    TokenRefusal(
      OAuthError(code: "unsupported_token_type", description: description), reason: "bridge_unsupported_token_type")
  }
}
