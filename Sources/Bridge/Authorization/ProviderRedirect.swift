import Bytes
import Identity
import JOSE
import JSON
import Pipeline
import Web

/// The way to the provider, where the user signs in (RFC 6749 §4.1.1): as the gateway's own client, with its one
/// redirect URI, and a state that is short whatever the MCP client has sent.
struct ProviderRedirect {
  private let context: BridgeContext
  private let cookies: BridgeCookies

  init(_ context: BridgeContext) {
    self.context = context
    cookies = BridgeCookies(context.settings)
  }

  /// Sends the browser on with an approved request in a cookie. Waits for the provider's metadata right after the
  /// gateway's start.
  ///
  /// - Parameter fields: further cookies.
  func answer(
    _ pending: PendingAuthorization, _ fields: [(name: String, value: String)], now: Int64
  ) -> LocalAnswer {
    let provider = context.settings.provider
    if endpoint != nil || provider.keyStore.isReady { return .reply(reply(pending, fields, now: now)) }
    let parked = Suspension<LocalReply>()
    let waiter = provider.keyStore.find(newerThan: nil, because: .unknownKey(kid: nil)) { [self] outcome in
      if case .keys = outcome { return parked.resume(reply(pending, fields, now: now)) }
      let error = OAuthError(
        code: "temporarily_unavailable", description: "the identity provider cannot be reached")
      parked.resume(failure(error, pending, fields, provider.keyStore.lastFailure))
    }
    if let waiter { parked.onCancel { waiter.cancel() } }
    return .suspended(parked)
  }

  private var endpoint: String? {
    context.settings.provider.authorizationEndpoint
      ?? context.settings.provider.keyStore.metadata?.authorizationEndpoint
  }

  /// Whoever can change what passes in clear http would sign users in himself.
  private func isUsable(_ endpoint: String) -> Bool {
    let allowPlaintext = context.settings.provider.allowsPlaintext
    return WebURL(endpoint) != nil && (try? DocumentURL.location(of: endpoint, allowPlaintext: allowPlaintext)) != nil
  }

  private func failure(
    _ error: OAuthError, _ pending: PendingAuthorization, _ fields: [(name: String, value: String)], _ detail: String?
  ) -> LocalReply {
    guard let answer = ClientAnswer(pending, issuer: context.settings.issuer) else {
      return DeadEnd.notOurs(detail: "redirect URI").reply(context.settings)
    }
    return answer.error(error, reason: "bridge_provider_unavailable", detail: detail).adding(fields)
  }

  private func reply(
    _ pending: PendingAuthorization, _ fields: [(name: String, value: String)], now: Int64
  ) -> LocalReply {
    guard let endpoint, isUsable(endpoint), let route = context.route(resource: pending.resource) else {
      let error = OAuthError(code: "server_error", description: "the identity provider names no place to sign in")
      return failure(error, pending, fields, endpoint == nil ? nil : "authorization endpoint or route is of no use")
    }
    do throws(CryptoFailure) {
      let cookie = cookies.set(
        cookies.signIn(pending.id), try pending.sealed(as: .signIn, context.sealer, now: now),
        lifetime: PendingAuthorization.lifetime)
      let query = FormParameters.query(parameters(pending, route))
      return ClientAnswer.redirection(to: endpoint + (endpoint.contains("?") ? "&" : "?") + query)
        .adding(fields + [cookie])
    } catch {
      return DeadEnd.failure(error).reply(context.settings)
    }
  }

  private func parameters(
    _ pending: PendingAuthorization, _ route: BridgedRoute
  ) -> [(name: String, value: String)] {
    let provider = context.settings.provider
    let scopes = context.translation(for: route).toProvider(pending.scopes)
    let challenge = Base64URL.encode(Digest.sha256([UInt8](pending.verifier.utf8)))
    var parameters: [(name: String, value: String)] = [
      ("response_type", "code"), ("client_id", provider.clientID), ("redirect_uri", context.settings.callbackURL),
      ("state", pending.id), ("code_challenge", challenge), ("code_challenge_method", "S256"),
    ]
    if !scopes.isEmpty { parameters.append(("scope", scopes.joined(separator: " "))) }
    if let nonce = pending.nonce { parameters.append(("nonce", nonce)) }
    if let resource = provider.resource { parameters.append(("resource", resource)) }
    if let audience = provider.audience { parameters.append(("audience", audience)) }
    if let hint = pending.loginHint { parameters.append(("login_hint", hint)) }
    if let prompt = prompt(pending) { parameters.append(("prompt", prompt)) }
    // What the gateway says itself is not the configuration's to change.
    for (name, value) in provider.authorizationParameters where !parameters.contains(where: { $0.name == name }) {
      parameters.append((name, value))
    }
    return parameters
  }

  /// The client's words and the configuration's; `none` stands alone (OpenID Connect Core 1.0 §3.1.2.1).
  private func prompt(_ pending: PendingAuthorization) -> String? {
    if pending.prompts.contains("none") { return "none" }
    let configured = context.settings.provider.authorizationParameters.first { $0.name == "prompt" }?.value ?? ""
    var words = configured.split(separator: " ").map(String.init)
    for word in pending.prompts where !words.contains(word) { words.append(word) }
    return words.isEmpty ? nil : words.joined(separator: " ")
  }
}
