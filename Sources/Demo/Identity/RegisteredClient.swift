internal import JSON

/// A public client that registered itself (RFC 7591).
struct RegisteredClient {
  let id: String
  /// What the client calls itself, without characters that could disguise it. Nobody has checked it.
  let name: String?
  let redirectURIs: [RedirectURI]
  let mayRefresh: Bool
  let issuedAt: Int64

  init(id: String, metadata: JSONValue, now: Int64) throws(OAuthError) {
    guard case .object(let members) = metadata else {
      throw .invalidClientMetadata("the request is a JSON object")
    }
    self.id = id
    issuedAt = now
    redirectURIs = try Self.redirectURIs(members["redirect_uris"])
    name = try Self.name(members["client_name"])
    let grants = try Self.strings(members["grant_types"]) ?? ["authorization_code"]
    guard grants.contains("authorization_code") else {
      throw .invalidClientMetadata("grant_types contains authorization_code")
    }
    mayRefresh = grants.contains("refresh_token")
    guard try Self.strings(members["response_types"])?.contains("code") ?? true else {
      throw .invalidClientMetadata("response_types contains code")
    }
  }

  /// What was registered, which may be less than what was asked for (RFC 7591 §3.2.1).
  var information: JSONValue {
    var members: JSONObject = [
      "client_id": .string(id),
      "client_id_issued_at": .integer(issuedAt),
      "redirect_uris": JSONValue(redirectURIs.map(\.text)),
      "token_endpoint_auth_method": "none",
      "grant_types": JSONValue(["authorization_code"] + (mayRefresh ? ["refresh_token"] : [])),
      "response_types": ["code"],
    ]
    members["client_name"] = name.map { .string($0) }
    return .object(members)
  }

  private static func redirectURIs(_ value: JSONValue?) throws(OAuthError) -> [RedirectURI] {
    guard let texts = value?.stringsValue, 1...20 ~= texts.count else {
      throw .invalidRedirectURI("redirect_uris is a list of 1 to 20 URIs")
    }
    var uris = [RedirectURI]()
    for text in texts { uris.append(try RedirectURI(text)) }
    return uris
  }

  private static func name(_ value: JSONValue?) throws(OAuthError) -> String? {
    switch value {
    case nil, .null: return nil
    case .string(let text):
      let visible = text.unicodeScalars.filter { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
          false
        default: true
        }
      }
      let name = String(String.UnicodeScalarView(visible)).prefix(80)
      return name.allSatisfy(\.isWhitespace) ? nil : String(name)
    default: throw .invalidClientMetadata("client_name is a string")
    }
  }

  private static func strings(_ value: JSONValue?) throws(OAuthError) -> [String]? {
    guard let value, !value.isNull else { return nil }
    guard let strings = value.stringsValue else {
      throw .invalidClientMetadata("grant_types and response_types are lists of strings")
    }
    return strings
  }
}
