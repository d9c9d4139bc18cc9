import JSON
import Web

/// What a client says about itself (RFC 7591 §2), as far as it matters here. What is null was not said.
struct ClientMetadata {
  let redirectURIs: [RedirectURI]
  let name: String?

  /// URIs at the most.
  private static let mostRedirectURIs = 20
  /// Bytes of all redirect URIs: a registered client's are in its id, which has to fit into a request's head.
  private static let longestRedirectURIs = 2_048

  init(_ members: JSONObject) throws(OAuthError) {
    redirectURIs = try Self.redirectURIs(members["redirect_uris"])
    name = try Self.name(members["client_name"])
    try Self.demand("authorization_code", in: "grant_types", of: members)
    try Self.demand("code", in: "response_types", of: members)
  }

  private static func redirectURIs(_ value: JSONValue?) throws(OAuthError) -> [RedirectURI] {
    guard let texts = value?.stringsValue, 1...mostRedirectURIs ~= texts.count else {
      throw .invalidRedirectURI("redirect_uris is a list of 1 to \(mostRedirectURIs) URIs")
    }
    guard texts.reduce(0, { $0 + $1.utf8.count }) <= longestRedirectURIs else {
      throw .invalidRedirectURI("redirect_uris has at most \(longestRedirectURIs) characters in all")
    }
    var uris: [RedirectURI] = []
    for text in texts {
      let uri = try RedirectURI(text)
      if !uris.contains(uri) { uris.append(uri) }
    }
    return uris
  }

  private static func name(_ value: JSONValue?) throws(OAuthError) -> String? {
    switch value {
    case nil, .null: return nil
    case .string(let text): return DisplayName.cleaned(text)
    default: throw .invalidClientMetadata("client_name is a string")
    }
  }

  /// What is missing or empty leaves the choice to the server; whoever asks for other things only cannot be served.
  private static func demand(_ word: String, in name: String, of members: JSONObject) throws(OAuthError) {
    guard let value = members[name], !value.isNull else { return }
    guard let words = value.stringsValue else { throw .invalidClientMetadata("\(name) is a list of strings") }
    guard words.isEmpty || words.contains(word) else { throw .invalidClientMetadata("\(name) contains \(word)") }
  }
}
