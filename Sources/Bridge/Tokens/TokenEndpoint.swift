import Identity
import Net
import Pipeline
package import Web

/// `/token`: turns codes and refresh tokens of ours into tokens (RFC 6749 §3.2), by what they hold of the provider's.
///
/// Nothing is remembered here: that a code works once only, and what has been revoked, is the provider's knowledge.
package final class TokenEndpoint: LocalService {
  private let context: BridgeContext
  private let provider: any ProviderCalls
  private let issuer: TokenIssuer

  /// - Parameter wrapper: nil: clients get the provider's access tokens.
  package init(_ context: BridgeContext, _ provider: any ProviderCalls, _ wrapper: TokenWrapper? = nil) {
    self.context = context
    self.provider = provider
    issuer = TokenIssuer(context, wrapper)
  }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer {
    if let reply = TokenReply.unlessPost(request.method) { return .reply(reply) }
    do throws(TokenRefusal) {
      if let seconds = context.failures.wait(for: request.clientAddress, now: now) {
        throw TokenRefusal.tooManyFailures(retryAfter: seconds)
      }
      let grant = try GrantJudge(context: context).judge(ClientForm(request), now: now)
      return .suspended(ask(grant, for: request.clientAddress, now: now))
    } catch {
      return .reply(error.reply)
    }
  }

  private func ask(_ request: GrantRequest, for client: [UInt8], now: Int64) -> Suspension<LocalReply> {
    let parked = Suspension<LocalReply>()
    let call = provider.send(request.provider) { [self] answer in
      switch answer {
      case .success(let members):
        let step = issuer.issue(members, to: request.entitlement, now: now) { parked.resume($0) }
        if let step { parked.onCancel { step.cancel(.clientGone) } }
      case .refused(let error):
        context.failures.spend(client, now: now)
        parked.resume(TokenRefusal(error).reply)
      case .unavailable(let seconds, let reason):
        parked.resume(TokenRefusal.unavailable(retryAfter: seconds, detail: reason).reply)
      case .noEndpoint:
        let detail = "the provider's metadata has no token_endpoint"
        parked.resume(TokenRefusal.misconfigured(reason: "bridge_no_token_endpoint", detail: detail).reply)
      }
    }
    if let call { parked.onCancel { call.cancel(.clientGone) } }
    return parked
  }
}
