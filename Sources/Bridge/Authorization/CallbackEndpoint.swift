import Identity
import JOSE
import JSON
package import Web

/// `/callback`: the provider sends the browser back (RFC 6749 §4.1.2). What it brings is not redeemed here: the client
/// gets a code of ours, and the provider's is redeemed when the client comes with that.
///
/// Only a browser that holds the cookie of this sign-in gets any further, so nobody can finish what somebody else has
/// begun (RFC 9700 §4.7).
package final class CallbackEndpoint: LocalService {
  private let context: BridgeContext
  private let cookies: BridgeCookies

  package init(_ context: BridgeContext) {
    self.context = context
    cookies = BridgeCookies(context.settings)
  }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer {
    guard request.method == "GET" || request.method == "HEAD" else { return .reply(.methodNotAllowed("GET, HEAD")) }
    return .reply(answer(request, now: now))
  }

  private func answer(_ request: LocalRequest, now: Int64) -> LocalReply {
    guard let parameters = FormParameters(lenient: (request.query ?? "").utf8), !parameters.isAmbiguous("state"),
      let id = parameters["state"], RandomText.isID(id)
    else { return DeadEnd.strangeAnswer(detail: "state").reply(context.settings) }
    guard let sealed = request.cookie(cookies.signIn(id)) else { return DeadEnd.finished.reply(context.settings) }
    let deletion = cookies.delete(cookies.signIn(id))
    switch PendingAuthorization.open(sealed, as: .signIn, context.sealer, now: now) {
    case .expired: return DeadEnd.tooLate.reply(context.settings, [deletion])
    case .foreign: return DeadEnd.strangeAnswer(detail: "cookie").reply(context.settings, [deletion])
    case .pending(let pending):
      guard pending.id.hasSameBytes(as: id), let client = ClientAnswer(pending, issuer: context.settings.issuer) else {
        return DeadEnd.strangeAnswer(detail: "cookie").reply(context.settings, [deletion])
      }
      return answer(parameters, pending, client, now: now).adding([deletion])
    }
  }

  private func answer(
    _ parameters: FormParameters, _ pending: PendingAuthorization, _ client: ClientAnswer, now: Int64
  ) -> LocalReply {
    let provider = context.settings.provider
    let detail = "client \(pending.shownClientID)"
    do throws(ProviderAnswer.Fault) {
      let answer = try ProviderAnswer(
        parameters, issuer: provider.issuer,
        namesItself: provider.keyStore.metadata?.namesIssuerInResponses == true)
      switch answer.result {
      case .error(let error): return client.error(error, reason: "bridge_provider_refused", detail: detail)
      case .code(let code): return grant(code, pending, client, now: now)
      }
    } catch {
      let end = error == .wrongIssuer ? DeadEnd.wrongIssuer : DeadEnd.strangeAnswer(detail: "neither code nor error")
      return end.reply(context.settings)
    }
  }

  private func grant(
    _ code: String, _ pending: PendingAuthorization, _ client: ClientAnswer, now: Int64
  ) -> LocalReply {
    let grant = AuthorizationCode(
      providerCode: code, verifier: pending.verifier, clientDigest: pending.clientDigest,
      shownClientID: pending.shownClientID, redirectURI: pending.redirectURI,
      namesRedirectURI: pending.namesRedirectURI, challenge: pending.challenge, resource: pending.resource,
      scopes: pending.scopes, nonce: pending.nonce)
    do throws(CryptoFailure) {
      return client.code(try grant.sealed(with: context.sealer, now: now))
    } catch {
      return DeadEnd.failure(error).reply(context.settings)
    }
  }
}

extension DeadEnd {
  /// The cookie is gone: after a reload or the back button it is.
  static var finished: DeadEnd {
    DeadEnd(
      title: "This sign-in is already finished",
      explanation: """
        It has been answered before, or it began in another browser, or it took longer than \
        \(PendingAuthorization.lifetime / 60) minutes.
        """,
      advice: "If the application is not connected, go back to it and connect again.",
      reason: "bridge_callback_unknown")
  }

  static var tooLate: DeadEnd {
    DeadEnd(
      title: "This sign-in has expired",
      explanation: "It took longer than \(PendingAuthorization.lifetime / 60) minutes.",
      reason: "bridge_callback_expired")
  }

  static func strangeAnswer(detail: String) -> DeadEnd {
    DeadEnd(
      title: "This answer makes no sense",
      explanation: "What came back from the sign-in is not an answer to anything that was asked here.",
      reason: "bridge_callback_refused", detail: detail)
  }

  /// An attack that mixes up providers looks like this (RFC 9207 §1).
  static var wrongIssuer: DeadEnd {
    DeadEnd(
      title: "This answer is from somebody else",
      explanation: """
        The sign-in was answered by another identity provider than the one that was asked, or by one that does not say \
        who it is. Nothing was sent to the application.
        """,
      reason: "bridge_callback_wrong_issuer")
  }
}
