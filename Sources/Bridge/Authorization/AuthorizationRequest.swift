import Bytes
import JSON
import Web

/// What a client asks the user for (RFC 6749 §4.1.1 with RFC 7636 and RFC 8707), checked.
struct AuthorizationRequest {
  let client: BridgeClient
  let redirect: RedirectURI
  /// Whether the client named it: then it has to do so again for the token (RFC 6749 §4.1.3).
  let namesRedirectURI: Bool
  let state: String?
  /// The S256 code challenge (RFC 7636 §4.2).
  let challenge: String
  let route: BridgedRoute
  /// As the client is told them. Never empty when the route has scopes.
  let scopes: [String]
  let prompt: Prompt
  /// Who the client believes the user is (OpenID Connect Core 1.0 §3.1.2.1).
  let loginHint: String?

  /// Bytes of a parameter; a redirect URI has its own limit of the same size.
  private static let longest = 2048
  private static let longestHint = 512

  /// - Parameters:
  ///   - client: who asks, and where its user is sent back to: both settled before, since all that is wrong from here
  ///     on is told there.
  init(
    _ parameters: FormParameters, from client: BridgeClient, at redirect: RedirectURI, _ context: BridgeContext
  ) throws(OAuthError) {
    self.client = client
    self.redirect = redirect
    namesRedirectURI = parameters["redirect_uri"] != nil
    state = Self.state(parameters)
    for name in Self.known where parameters.isAmbiguous(name) {
      throw .invalidRequest("\(name) occurs with different values")
    }
    guard state != nil || parameters["state"] == nil else {
      throw .invalidRequest("state has at most \(Self.longest) bytes")
    }
    try Self.refuseOtherFlows(parameters)
    challenge = try Self.challenge(parameters)
    let resources = parameters.all("resource")
    route = try ResourceMatch.route(for: resources, among: context.settings.routes)
    scopes = Self.scopes(
      try Self.text("scope", parameters) ?? "", of: route, translation: context.translation(for: route))
    prompt = try Prompt(try Self.text("prompt", parameters) ?? "")
    loginHint = try Self.text("login_hint", parameters, limit: Self.longestHint)
  }

  /// What must not be said twice; `resource` may.
  private static let known = [
    "client_id", "redirect_uri", "state", "response_type", "response_mode", "code_challenge", "code_challenge_method",
    "scope", "prompt", "login_hint", "request", "request_uri",
  ]

  /// The client's state, as far as it can be given back.
  static func state(_ parameters: FormParameters) -> String? {
    guard !parameters.isAmbiguous("state"), let state = parameters["state"], state.utf8.count <= longest else {
      return nil
    }
    return state
  }

  private static func text(
    _ name: String, _ parameters: FormParameters, limit: Int = longest
  ) throws(OAuthError) -> String? {
    guard let text = parameters[name] else { return nil }
    guard text.utf8.count <= limit else { throw .invalidRequest("\(name) has at most \(limit) bytes") }
    return text
  }

  private static func refuseOtherFlows(_ parameters: FormParameters) throws(OAuthError) {
    for (name, error) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
    where parameters[name] != nil {
      throw OAuthError(code: error, description: "\(name) is not supported")
    }
    guard let type = parameters["response_type"] else { throw .invalidRequest("response_type is missing") }
    guard type == "code" else {
      throw OAuthError(code: "unsupported_response_type", description: "response_type is code")
    }
    guard parameters["response_mode"] ?? "query" == "query" else { throw .invalidRequest("response_mode is query") }
  }

  private static func challenge(_ parameters: FormParameters) throws(OAuthError) -> String {
    guard let challenge = parameters["code_challenge"] else {
      throw .invalidRequest("code_challenge is missing: PKCE is required")
    }
    guard parameters["code_challenge_method"] == "S256" else {
      throw .invalidRequest("code_challenge_method is S256")
    }
    guard challenge.utf8.count == 43, Base64URL.decode(text: challenge) != nil else {
      throw .invalidRequest("code_challenge is a SHA-256 digest in base64url")
    }
    return challenge
  }

  /// Scopes that are not the route's or OpenID Connect's are left out: the token response says which were granted. A
  /// client that names none of the route's gets all of them, since a token without them is of no use there.
  private static func scopes(_ list: String, of route: BridgedRoute, translation: ScopeTranslation) -> [String] {
    var scopes: [String] = []
    for name in list.split(separator: " ").map(String.init) {
      // Some clients are configured with the provider's names.
      let own = route.scopes.first { $0 == name } ?? route.scopes.first { translation.providerName(of: $0) == name }
      guard let scope = own ?? (ScopeTranslation.openIDScopes.contains(name) ? name : nil) else { continue }
      if !scopes.contains(scope) { scopes.append(scope) }
    }
    let hasOwn = scopes.contains { route.scopes.contains($0) }
    return hasOwn ? scopes : route.scopes + scopes.filter { !route.scopes.contains($0) }
  }
}
