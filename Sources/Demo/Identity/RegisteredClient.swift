internal import JSON
internal import Web

/// A public client that registered itself (RFC 7591), or the one that the provider knows from the start.
struct RegisteredClient {
  let id: String
  /// What the client calls itself, without characters that could disguise it. Nobody has checked it.
  let name: String?
  let redirectURIs: [RedirectURI]
  let mayRefresh: Bool
  let issuedAt: Int64
  /// Nil: a public client.
  let secret: String?

  init(id: String, metadata: JSONValue, now: Int64) throws(OAuthError) {
    guard case .object(let members) = metadata else {
      throw .invalidClientMetadata("the request is a JSON object")
    }
    self.id = id
    issuedAt = now
    secret = nil
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

  init(_ known: KnownClient) {
    id = known.id
    name = known.name
    redirectURIs = [known.redirectURI]
    mayRefresh = true
    issuedAt = 0
    secret = known.secret
  }

  /// Whether its users may be sent there: at any port of loopback (RFC 8252 §7.3) for clients that registered
  /// themselves, only at what was entered for the others.
  func accepts(_ redirect: RedirectURI) -> Bool {
    redirectURIs.contains { secret == nil ? redirect.matches($0) : redirect == $0 }
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
    case .string(let text): return DisplayName.cleaned(text)
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
