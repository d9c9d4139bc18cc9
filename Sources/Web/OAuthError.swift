import JSON

/// An error that OAuth has a code for. The description holds none of the client's text.
package struct OAuthError: Error, Equatable {
  package let code: String
  package let description: String
  package var status: Int
  /// A challenge for the `WWW-Authenticate` field.
  package var challenge: String?

  package init(code: String, description: String, status: Int = 400, challenge: String? = nil) {
    self.code = code
    self.description = description
    self.status = status
    self.challenge = challenge
  }

  /// As a token, registration or user information endpoint answers it (RFC 6749 §5.2, RFC 7591 §3.2.2).
  package var reply: LocalReply {
    .json(
      ["error": .string(code), "error_description": .string(description)], status: status,
      fields: challenge.map { [("www-authenticate", $0)] } ?? [])
  }

  package static func invalidRequest(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_request", description: description)
  }

  package static func invalidGrant(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_grant", description: description)
  }

  /// RFC 8707 §2.
  package static func invalidTarget(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_target", description: description)
  }

  package static func invalidScope(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_scope", description: description)
  }

  package static func invalidClient(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_client", description: description)
  }

  /// RFC 7591 §3.2.2.
  package static func invalidRedirectURI(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_redirect_uri", description: description)
  }

  /// RFC 7591 §3.2.2.
  package static func invalidClientMetadata(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_client_metadata", description: description)
  }
}
