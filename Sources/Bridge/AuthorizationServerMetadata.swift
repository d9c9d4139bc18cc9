package import JSON
package import Web

/// What the bridge says about itself as an authorization server (RFC 8414 §2).
package enum AuthorizationServerMetadata {
  package static func document(_ settings: BridgeSettings) -> JSONValue {
    let issuer = settings.issuer
    var members: JSONObject = [
      "issuer": .string(issuer),
      "authorization_endpoint": .string(issuer + "/authorize"),
      "token_endpoint": .string(issuer + "/token"),
      "revocation_endpoint": .string(issuer + "/revoke"),
      "response_types_supported": ["code"],
      "response_modes_supported": ["query"],
      "grant_types_supported": ["authorization_code", "refresh_token"],
      "code_challenge_methods_supported": ["S256"],
      "token_endpoint_auth_methods_supported": ["none"],
      "revocation_endpoint_auth_methods_supported": ["none"],
      "authorization_response_iss_parameter_supported": true,
      "scopes_supported": JSONValue(scopes(settings)),
    ]
    if settings.clients.allowsRegistration { members["registration_endpoint"] = .string(issuer + "/register") }
    if settings.clients.allowsDocuments { members["client_id_metadata_document_supported"] = true }
    return .object(members)
  }

  /// The document as it is sent, also to scripts of other origins.
  package static func reply(_ settings: BridgeSettings) -> LocalReply {
    .json(
      document(settings),
      fields: [("cache-control", "public, max-age=300"), ("access-control-allow-origin", "*")])
  }

  /// Clients ask for `offline_access` when it is listed, which gets them a refresh token.
  private static func scopes(_ settings: BridgeSettings) -> [String] {
    let offline = "offline_access"
    guard !settings.provider.droppedScopes.contains(offline), !settings.scopes.contains(offline) else {
      return settings.scopes
    }
    return settings.scopes + [offline]
  }
}
