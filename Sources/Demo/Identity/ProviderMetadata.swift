internal import JOSE
internal import JSON

/// What the provider says about itself, in one document for OpenID Connect Discovery §3 and RFC 8414 §2.
enum ProviderMetadata {
  /// - Parameter registers: whether clients can register themselves; else they are known, and have a secret.
  static func document(issuer: String, algorithm: JWSAlgorithm, registers: Bool) -> JSONValue {
    var members: JSONObject = [
      "issuer": .string(issuer),
      "authorization_endpoint": "\(issuer)/authorize",
      "token_endpoint": "\(issuer)/token",
      "jwks_uri": "\(issuer)/jwks",
      "userinfo_endpoint": "\(issuer)/userinfo",
      "scopes_supported": JSONValue(DemoScope.allCases.map(\.rawValue)),
      "response_types_supported": ["code"],
      "response_modes_supported": ["query"],
      "grant_types_supported": ["authorization_code", "refresh_token"],
      "code_challenge_methods_supported": ["S256"],
      "token_endpoint_auth_methods_supported": [registers ? "none" : "client_secret_basic"],
      "authorization_response_iss_parameter_supported": true,
      "request_parameter_supported": false,
      "request_uri_parameter_supported": false,
      "subject_types_supported": ["public"],
      "id_token_signing_alg_values_supported": [.string(algorithm.rawValue)],
      "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified"],
    ]
    members["registration_endpoint"] = registers ? "\(issuer)/register" : nil
    return .object(members)
  }
}
