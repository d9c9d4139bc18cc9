import JSON
import Web

/// The way back to a client: to a redirect URI that is the client's, with the client's state and the issuer
/// (RFC 6749 §4.1.2, RFC 9207).
struct ClientAnswer {
  let redirect: RedirectURI
  let state: String?
  let issuer: String

  init(_ redirect: RedirectURI, state: String?, issuer: String) {
    self.redirect = redirect
    self.state = state
    self.issuer = issuer
  }

  /// - Returns: nil when the redirect URI is none, which was looked at before it was sealed.
  init?(_ pending: PendingAuthorization, issuer: String) {
    guard let redirect = try? RedirectURI(pending.redirectURI) else { return nil }
    self.init(redirect, state: pending.state, issuer: issuer)
  }

  func code(_ code: String) -> LocalReply { Self.redirection(to: location([("code", code)])) }

  /// - Parameters:
  ///   - reason: for the log.
  ///   - detail: for the log, besides code and description.
  func error(_ error: OAuthError, reason: StaticString, detail: String? = nil) -> LocalReply {
    var answer = Self.redirection(to: location(of: error))
    answer.reason = reason
    answer.detail = "\(error.code): \(error.description)" + (detail.map { "; \($0)" } ?? "")
    return answer
  }

  /// Where the client hears of an error.
  func location(of error: OAuthError) -> String {
    location([("error", error.code), ("error_description", error.description)])
  }

  private func location(_ answer: [(name: String, value: String)]) -> String {
    var parameters = answer
    if let state { parameters.append(("state", state)) }
    parameters.append(("iss", issuer))
    return redirect.adding(parameters)
  }

  /// A redirect that nobody keeps, and whose target is not told where it comes from. 303, because a form may have been
  /// posted.
  static func redirection(to location: String) -> LocalReply {
    LocalReply(
      status: 303,
      fields: [("location", location), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")])
  }
}
