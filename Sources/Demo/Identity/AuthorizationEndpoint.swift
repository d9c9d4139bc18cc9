internal import JOSE
internal import JSON
internal import Web

/// `/authorize`: sign-in, consent, and the way back to the client (RFC 6749 §4.1, OpenID Connect Core
/// §3.1.2).
struct AuthorizationEndpoint {
  let state: ProviderState

  private static let browserCookie = "portcullis_demo_browser"
  private static let sessionCookie = "portcullis_demo_session"
  private static let attempts = 5

  /// GET: a client has sent its user.
  func begin(_ request: LocalRequest, now: Int64) throws(CryptoFailure) -> LocalReply {
    guard let parameters = FormParameters((request.query ?? "").utf8) else {
      return Page.refusal("The application has sent a request that cannot be read.").reply()
    }
    let wanted: AuthorizationRequest
    do throws(AuthorizationRequest.Refusal) {
      wanted = try AuthorizationRequest(
        parameters, resources: state.resources, client: { state.clients.value($0, now: now) })
    } catch {
      switch error {
      case .tellUser(let explanation): return Page.refusal(explanation).reply()
      case .tellClient(let error, let redirect, let clientState):
        return back(to: redirect, state: clientState, failure(error))
      }
    }
    let user = request.cookie(Self.sessionCookie).flatMap { state.sessions.value($0, now: now) }
    if wanted.prompts.contains("none") {
      let code = user == nil ? "login_required" : "consent_required"
      let error = OAuthError(code: code, description: "the user has to be asked")
      return back(to: wanted.redirect, state: wanted.state, failure(error))
    }
    let known = request.cookie(Self.browserCookie).flatMap { $0.utf8.count == 43 ? $0 : nil }
    let browser = if let known { known } else { try ProviderState.secret() }
    let transaction = AuthorizationTransaction(
      request: wanted, browser: browser, csrfToken: try ProviderState.secret(),
      user: wanted.prompts.contains("login") ? nil : user)
    let id = try ProviderState.secret()
    state.transactions.insert(transaction, id, expiry: now + Lifetime.transaction, now: now)
    return page(id, transaction).reply(known == nil ? [cookie(Self.browserCookie, browser)] : [])
  }

  /// POST: the user has sent one of our forms.
  func proceed(_ request: LocalRequest, now: Int64) throws(CryptoFailure) -> LocalReply {
    guard request.mediaType == "application/x-www-form-urlencoded", let form = FormParameters(request.body)
    else {
      return Page.refusal("This is not one of our forms.").reply()
    }
    guard let id = form["transaction"], let transaction = state.transactions.value(id, now: now) else {
      return Page.refusal("This sign-in has ended. Go back to the application and connect again.").reply()
    }
    guard let token = form["csrf_token"], ConstantTime.equals(token, transaction.csrfToken),
      let browser = request.cookie(Self.browserCookie), ConstantTime.equals(browser, transaction.browser)
    else { return Page.refusal("This form was not sent from our page in this browser.", status: 403).reply() }
    switch (form["action"], transaction.user) {
    case ("sign_in", _): return try signIn(form, id, transaction, now: now)
    case ("switch_user", _):
      state.transactions.update(id) { $0.user = nil }
      return SignInPage(transactionID: id, transaction: transaction, users: state.users).page.reply()
    case ("deny", .some):
      state.transactions.remove(id)
      return deny(transaction, "the user has refused")
    case ("allow", .some(let user)):
      state.transactions.remove(id)
      return try allow(transaction.request, user, now: now)
    default: return Page.refusal("Sign in first.", status: 403).reply()
    }
  }

  private func page(_ id: String, _ transaction: AuthorizationTransaction) -> Page {
    guard let user = transaction.user else {
      return SignInPage(transactionID: id, transaction: transaction, users: state.users).page
    }
    return ConsentPage(transactionID: id, transaction: transaction, user: user).page
  }

  private func signIn(
    _ form: FormParameters, _ id: String, _ transaction: AuthorizationTransaction, now: Int64
  ) throws(CryptoFailure) -> LocalReply {
    let name = form["username"] ?? ""
    let password = form["password"] ?? ""
    guard let user = state.users.first(where: { $0.name == name }),
      ConstantTime.equals(password, user.password)
    else {
      guard transaction.failures + 1 < Self.attempts else {
        state.transactions.remove(id)
        return deny(transaction, "too many failed attempts to sign in")
      }
      state.transactions.update(id) { $0.failures += 1 }
      return SignInPage(transactionID: id, transaction: transaction, users: state.users, hasFailed: true).page
        .reply()
    }
    let session = try ProviderState.secret()
    state.sessions.insert(user, session, expiry: now + Lifetime.session, now: now)
    state.transactions.update(id) { $0.user = user }
    return ConsentPage(transactionID: id, transaction: transaction, user: user).page
      .reply([cookie(Self.sessionCookie, session)])
  }

  private func allow(
    _ request: AuthorizationRequest, _ user: DemoUser, now: Int64
  ) throws(CryptoFailure) -> LocalReply {
    let grant = Grant(
      id: try ProviderState.secret(), clientID: request.client.id, user: user, scopes: request.scopes,
      audience: request.audience, nonce: request.nonce, issuedAt: now)
    state.grants.insert(grant, grant.id, expiry: now + Lifetime.grant, now: now)
    let code = AuthorizationCode(
      grantID: grant.id, redirectURI: request.redirect.text, challenge: request.challenge)
    let text = try ProviderState.secret()
    state.codes.insert(code, text, expiry: now + Lifetime.code, now: now)
    return back(to: request.redirect, state: request.state, [("code", text)])
  }

  private func deny(_ transaction: AuthorizationTransaction, _ description: String) -> LocalReply {
    let error = OAuthError(code: "access_denied", description: description)
    return back(to: transaction.request.redirect, state: transaction.request.state, failure(error))
  }

  private func failure(_ error: OAuthError) -> [(name: String, value: String)] {
    [("error", error.code), ("error_description", error.description)]
  }

  /// Sends the browser to the client, with the issuer (RFC 9207). 303 because a form may have been posted.
  private func back(
    to redirect: RedirectURI, state clientState: String?, _ answer: [(name: String, value: String)]
  ) -> LocalReply {
    var parameters = answer
    if let clientState { parameters.append(("state", clientState)) }
    parameters.append(("iss", state.issuer))
    return LocalReply(
      status: 303,
      fields: [("location", redirect.adding(parameters)), ("referrer-policy", "no-referrer")])
  }

  /// Not `Secure`: the demonstration speaks plain HTTP on loopback.
  private func cookie(_ name: String, _ value: String) -> (name: String, value: String) {
    ("set-cookie", "\(name)=\(value); Path=/authorize; HttpOnly; SameSite=Lax")
  }
}
