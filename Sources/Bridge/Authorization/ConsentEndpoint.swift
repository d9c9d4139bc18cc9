import JOSE
import JSON
package import Web

/// `/consent`: the user has answered our page.
package final class ConsentEndpoint: LocalService {
  private let context: BridgeContext
  private let cookies: BridgeCookies
  private let provider: ProviderRedirect
  private let origin: String?

  /// Bytes of a form.
  private static let sizeLimit = 16_384

  package init(_ context: BridgeContext) {
    self.context = context
    cookies = BridgeCookies(context.settings)
    provider = ProviderRedirect(context)
    origin = WebURL(context.settings.issuer)?.origin
  }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer {
    guard request.method == "POST" else { return .reply(.methodNotAllowed("POST")) }
    guard isSameOrigin(request) else { return refuse(.crossSite) }
    guard request.mediaType == "application/x-www-form-urlencoded", request.body.count <= Self.sizeLimit,
      let form = FormParameters(request.body), !form.hasRepeated, let sealed = form["request"]
    else { return refuse(.notOurs(detail: "form")) }
    switch PendingAuthorization.open(sealed, as: .form, context.sealer, now: now) {
    case .expired: return refuse(.expired)
    case .foreign: return refuse(.notOurs(detail: "request"))
    case .pending(let pending):
      guard let browser = request.cookie(cookies.browser), pending.belongs(to: browser) else {
        return refuse(.otherBrowser)
      }
      return answer(form["action"], pending, request, now: now)
    }
  }

  private func refuse(_ end: DeadEnd) -> LocalAnswer { .reply(end.reply(context.settings)) }

  /// Browsers say where a form comes from; whatever is not our page has no business here. Old ones say nothing, and
  /// the cookie has to do.
  private func isSameOrigin(_ request: LocalRequest) -> Bool {
    if let site = request.field("sec-fetch-site"), site != "same-origin" { return false }
    guard let claimed = request.field("origin") else { return true }
    return WebURL(claimed).map { $0.origin == origin && $0.path.isEmpty } ?? false
  }

  private func answer(
    _ action: String?, _ pending: PendingAuthorization, _ request: LocalRequest, now: Int64
  ) -> LocalAnswer {
    guard let client = ClientAnswer(pending, issuer: context.settings.issuer),
      context.route(resource: pending.resource) != nil
    else { return refuse(.notOurs(detail: "redirect URI or route")) }
    switch action {
    case "deny":
      let error = OAuthError(code: "access_denied", description: "the user has refused")
      return .reply(
        client.error(error, reason: "bridge_consent_denied", detail: "client \(pending.shownClientID)"))
    case "allow": return allow(pending, request, now: now)
    default: return refuse(.notOurs(detail: "action"))
    }
  }

  private func allow(_ pending: PendingAuthorization, _ request: LocalRequest, now: Int64) -> LocalAnswer {
    var fields = cookies.excess(in: request, context, now: now)
    var memory = ConsentMemory(request.cookie(cookies.consent), context, now: now)
    if memory.mayRemember(pending.redirectURI) {
      memory.add(pending, now: now)
      do throws(CryptoFailure) {
        let sealed = try memory.sealed(context.sealer, now: now)
        fields.append(cookies.set(cookies.consent, sealed, lifetime: context.settings.consentLifetime))
      } catch {
        return refuse(.failure(error))
      }
    }
    return provider.answer(pending, fields, now: now)
  }
}

extension DeadEnd {
  /// Altered, from another gateway, or sealed with keys that are gone.
  static func notOurs(detail: String) -> DeadEnd {
    DeadEnd(
      title: "This form is not ours", explanation: "What was sent is not what our page holds, or it has been changed.",
      reason: "bridge_form_refused", detail: detail)
  }

  static var expired: DeadEnd {
    DeadEnd(
      title: "This page has expired",
      explanation: "Your answer came more than \(PendingAuthorization.lifetime / 60) minutes after the question.",
      reason: "bridge_form_expired")
  }

  static var otherBrowser: DeadEnd {
    DeadEnd(
      title: "This began in another browser",
      explanation: """
        The question was asked in another browser, or before this one was closed; or this browser keeps no cookies for \
        this site.
        """,
      advice: "Allow cookies for this site, go back to the application and connect again.", status: 403,
      reason: "bridge_form_other_browser")
  }

  static var crossSite: DeadEnd {
    DeadEnd(
      title: "This form came from somewhere else",
      explanation: "Another page has tried to answer in your name. Nothing has been allowed.",
      advice: "If you were answering our page, go back to the application and connect again.", status: 403,
      reason: "bridge_form_cross_site")
  }
}
