internal import JSON

/// An error that OAuth has a code for. The description holds none of the client's text.
struct OAuthError: Error, Equatable {
  let code: String
  let description: String
  var status = 400
  /// A challenge for the `WWW-Authenticate` field.
  var challenge: String?

  /// As a token, registration or user information endpoint answers it (RFC 6749 §5.2, RFC 7591 §3.2.2).
  var reply: LocalReply {
    .json(
      ["error": .string(code), "error_description": .string(description)], status: status,
      fields: challenge.map { [("www-authenticate", $0)] } ?? [])
  }

  static func invalidRequest(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_request", description: description)
  }

  static func invalidGrant(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_grant", description: description)
  }

  /// RFC 8707 §2.
  static func invalidTarget(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_target", description: description)
  }

  static func invalidScope(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_scope", description: description)
  }

  static func invalidClient(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_client", description: description)
  }

  /// RFC 7591 §3.2.2.
  static func invalidRedirectURI(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_redirect_uri", description: description)
  }

  /// RFC 7591 §3.2.2.
  static func invalidClientMetadata(_ description: String) -> OAuthError {
    OAuthError(code: "invalid_client_metadata", description: description)
  }
}
