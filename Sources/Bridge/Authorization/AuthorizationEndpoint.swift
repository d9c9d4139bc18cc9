import JOSE
import JSON
import Pipeline
package import Web

/// `/authorize`: a client sends its user (RFC 6749 §4.1.1). The user is asked, unless he has said yes to the same
/// before.
package final class AuthorizationEndpoint: LocalService {
  private let context: BridgeContext
  private let cookies: BridgeCookies
  private let provider: ProviderRedirect

  package init(_ context: BridgeContext) {
    self.context = context
    cookies = BridgeCookies(context.settings)
    provider = ProviderRedirect(context)
  }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer {
    guard request.method == "GET" || request.method == "HEAD" else { return .reply(.methodNotAllowed("GET, HEAD")) }
    guard let parameters = FormParameters(lenient: (request.query ?? "").utf8) else {
      return .reply(DeadEnd.unreadable(detail: "query").reply(context.settings))
    }
    guard let id = parameters["client_id"], !parameters.isAmbiguous("client_id") else {
      return .reply(DeadEnd.unreadable(detail: "client_id is missing or ambiguous").reply(context.settings))
    }
    let parked = Suspension<LocalReply>()
    // Whoever leaves meanwhile is not answered; what was found out is good for the next one.
    context.clients.find(id, for: request.clientAddress, now: now) { [self] result in
      switch result {
      case .success(let client): parked.follow(proceed(request, parameters, client, now: now))
      case .failure(let refusal): parked.resume(DeadEnd.client(refusal).reply(context.settings))
      }
    }
    return .suspended(parked)
  }

  private func proceed(
    _ request: LocalRequest, _ parameters: FormParameters, _ client: BridgeClient, now: Int64
  ) -> LocalAnswer {
    guard let redirect = redirect(parameters, client) else {
      return .reply(DeadEnd.redirect(client, isNamed: parameters["redirect_uri"] != nil).reply(context.settings))
    }
    let answer = ClientAnswer(redirect, state: AuthorizationRequest.state(parameters), issuer: context.settings.issuer)
    func refusal(_ error: OAuthError, _ reason: StaticString) -> LocalAnswer {
      .reply(EarlyRefusal(client: client, answer: answer, error: error, reason: reason).reply(context.settings))
    }
    let wanted: AuthorizationRequest
    do throws(OAuthError) {
      wanted = try AuthorizationRequest(parameters, from: client, at: redirect, context)
    } catch {
      return refusal(error, "bridge_authorization_refused")
    }
    do throws(CryptoFailure) {
      return try ask(request, wanted, refusal, now: now)
    } catch {
      return .reply(DeadEnd.failure(error).reply(context.settings))
    }
  }

  /// Byte by byte one of the client's (RFC 6749 §3.1.2.3), but for the port of loopback. A client that has only one
  /// may leave it out, unless its port would be missing.
  private func redirect(_ parameters: FormParameters, _ client: BridgeClient) -> RedirectURI? {
    guard !parameters.isAmbiguous("redirect_uri") else { return nil }
    guard let text = parameters["redirect_uri"] else {
      guard client.redirectURIs.count == 1, let only = client.redirectURIs.first, !only.isLoopback else { return nil }
      return only
    }
    return client.mayRedirect(to: text) ? try? RedirectURI(text) : nil
  }

  private func ask(
    _ request: LocalRequest, _ wanted: AuthorizationRequest, _ refusal: (OAuthError, StaticString) -> LocalAnswer,
    now: Int64
  ) throws(CryptoFailure) -> LocalAnswer {
    let known = request.cookie(cookies.browser).flatMap { RandomText.isID($0) ? $0 : nil }
    let browser = if let known { known } else { try RandomText.id() }
    let pending = try PendingAuthorization(wanted, browser: browser, context, now: now)
    let memory = ConsentMemory(request.cookie(cookies.consent), context, now: now)
    let sealed = try pending.sealed(as: .form, context.sealer, now: now)
    guard sealed.utf8.count <= PendingAuthorization.longest else {
      let error = OAuthError.invalidRequest("the parameters are too long together; state is the usual one")
      return refusal(error, "bridge_authorization_refused")
    }
    if memory.holds(pending), !wanted.prompt.asksForConsent {
      return provider.answer(pending, cookies.excess(in: request, context, now: now), now: now)
    }
    guard !wanted.prompt.isSilent else {
      let error = OAuthError(code: "consent_required", description: "the user has to be asked")
      return refusal(error, "bridge_consent_required")
    }
    let page = ConsentPage(
      sealed: sealed, request: wanted, settings: context.settings,
      isRemembered: memory.mayRemember(pending.redirectURI))
    return .reply(
      page.page.reply([("cache-control", "no-store"), cookies.set(cookies.browser, browser, lifetime: nil)]))
  }
}

extension Suspension<LocalReply> {
  /// Answers with another answer, when that is there.
  func follow(_ answer: LocalAnswer) {
    switch answer {
    case .reply(let reply): resume(reply)
    case .suspended(let other):
      onCancel { other.cancel(.clientGone) }
      if let reply = other.park({ self.resume($0) }) { resume(reply) }
    }
  }
}

extension DeadEnd {
  /// Something that no client sends.
  static func unreadable(detail: String) -> DeadEnd {
    DeadEnd(
      title: "This request cannot be read",
      explanation: "An application has sent you here with a request that does not say which application it is.",
      advice: "Go back to the application and connect again. If it happens again, tell whoever makes it.",
      reason: "bridge_request_unreadable", detail: detail)
  }

  static func client(_ refusal: ClientRefusal) -> DeadEnd {
    DeadEnd(
      title: "This application cannot connect", explanation: refusal.explanation,
      advice: refusal.isTemporary
        ? "Try again in a moment."
        : "Nothing was sent to the application. If it still does not work, tell whoever runs this gateway.",
      status: refusal.isTemporary ? 503 : 400, reason: refusal.reason, detail: refusal.detail)
  }

  /// Whoever has made this link may want the answer for himself, so nobody is sent there.
  static func redirect(_ client: BridgeClient, isNamed: Bool) -> DeadEnd {
    DeadEnd(
      title: "This address is not the application’s",
      explanation: isNamed
        ? """
        The address that the answer would be sent to is not one that the application has registered. Somebody may be \
        trying to get hold of your access.
        """ : "The request does not say where the answer is to be sent.",
      advice: """
        If you did not start this in an application, close this page. Otherwise go back to it and connect again; an \
        application that has changed its address has to be added anew.
        """,
      reason: "bridge_redirect_mismatch", detail: "client \(client.shownID)")
  }
}
