import Web

/// Why there is no token, for the client and for the log.
struct TokenRefusal: Error, Equatable {
  let error: OAuthError
  let reason: StaticString
  /// For the log. Nothing secret.
  var detail: String?
  /// Seconds.
  var retryAfter: Int?

  init(_ error: OAuthError, reason: StaticString, detail: String? = nil, retryAfter: Int? = nil) {
    self.error = error
    self.reason = reason
    self.detail = detail
    self.retryAfter = retryAfter
  }

  var reply: LocalReply {
    var reply = error.reply.adding(TokenReply.fields)
    if let retryAfter { reply = reply.adding([("retry-after", "\(retryAfter)")]) }
    reply.reason = reason
    reply.detail = detail
    return reply
  }

  static func == (left: TokenRefusal, right: TokenRefusal) -> Bool {
    left.error == right.error && "\(left.reason)" == "\(right.reason)" && left.detail == right.detail
      && left.retryAfter == right.retryAfter
  }
}

extension TokenRefusal {
  static func malformed(_ description: String) -> TokenRefusal {
    TokenRefusal(.invalidRequest(description), reason: "bridge_malformed_request", detail: description)
  }

  /// The operator has something to put right. No error that would make a client forget its registration.
  static func misconfigured(reason: StaticString, detail: String) -> TokenRefusal {
    TokenRefusal(
      OAuthError(
        code: "server_error",
        description: "the gateway and the identity provider do not agree; its operator's log says why",
        status: 500),
      reason: reason, detail: detail)
  }

  static func unavailable(retryAfter: Int, detail: String) -> TokenRefusal {
    TokenRefusal(
      OAuthError(
        code: "temporarily_unavailable", description: "the identity provider cannot be asked for now", status: 503),
      reason: "bridge_provider_unavailable", detail: detail, retryAfter: retryAfter)
  }

  static func tooManyFailures(retryAfter: Int) -> TokenRefusal {
    TokenRefusal(
      OAuthError(
        code: "temporarily_unavailable",
        description: "the identity provider has refused too much that came from this address", status: 429),
      reason: "bridge_too_many_failures", retryAfter: retryAfter)
  }

  static func sealing(_ detail: String) -> TokenRefusal {
    TokenRefusal(
      OAuthError(code: "server_error", description: "the token could not be made", status: 500),
      reason: "bridge_sealing_failed", detail: detail)
  }
}

extension TokenRefusal {
  /// What the provider says no with, as it is for the client.
  ///
  /// What is wrong with the gateway's own client there is no business of the MCP client, which would forget its
  /// registration over `invalid_client`. Everything else means that the user has to sign in again.
  init(_ error: ProviderError) {
    switch error.code {
    case "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request":
      self = .misconfigured(reason: "bridge_client_refused", detail: error.detail)
    case "invalid_scope":
      self.init(
        .invalidScope("the identity provider does not grant these scopes"), reason: "bridge_grant_refused",
        detail: error.detail)
    case "invalid_target":
      self.init(
        .invalidTarget("the identity provider does not know this resource"), reason: "bridge_grant_refused",
        detail: error.detail)
    case "access_denied":
      self.init(
        OAuthError(code: "access_denied", description: "the identity provider does not let this user in"),
        reason: "bridge_grant_refused", detail: error.detail)
    default:
      self.init(
        .invalidGrant("the identity provider does not accept it: it was used, has expired or was revoked"),
        reason: "bridge_grant_refused", detail: error.detail)
    }
  }
}
