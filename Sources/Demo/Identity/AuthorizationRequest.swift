internal import Bytes
internal import JSON
internal import Web

/// What a client asks the user for (RFC 6749 §4.1.1 with PKCE), checked.
struct AuthorizationRequest {
  /// Why a request goes no further.
  enum Refusal: Error {
    /// The redirect URI cannot be trusted, so only the user is told (RFC 6749 §4.1.2.1).
    case tellUser(String)
    case tellClient(OAuthError, RedirectURI, state: String?)
  }

  let client: RegisteredClient
  let redirect: RedirectURI
  let state: String?
  let scopes: [DemoScope]
  /// The resource that the token will be for.
  let audience: String
  /// The S256 code challenge (RFC 7636 §4.2).
  let challenge: String
  let nonce: String?
  /// The values of OpenID Connect's `prompt`.
  let prompts: [String]

  init(
    _ parameters: FormParameters, resources: ResourcePolicy, client find: (String) -> RegisteredClient?
  ) throws(Refusal) {
    guard let client = parameters["client_id"].flatMap(find) else {
      throw .tellUser(
        """
        The application is not registered here. This demo forgets what it knows when it is restarted: \
        remove the stored sign-in in the application and connect again.
        """)
    }
    guard let redirect = try? parameters["redirect_uri"].map(RedirectURI.init),
      client.accepts(redirect)
    else {
      throw .tellUser("The address that the application wants to send you to is not one it has registered.")
    }
    self.client = client
    self.redirect = redirect
    state = parameters["state"]
    nonce = parameters["nonce"]
    prompts = parameters["prompt"]?.split(separator: " ").map(String.init) ?? []
    do throws(OAuthError) {
      challenge = try Self.challenge(parameters)
      audience = try resources.audience(parameters) ?? resources.standard
      scopes = DemoScope.requested(parameters["scope"])
      guard !scopes.isEmpty else { throw .invalidScope("none of the requested scopes exists") }
      guard !prompts.contains("none") || prompts.count == 1 else {
        throw .invalidRequest("prompt none stands alone")
      }
    } catch {
      throw .tellClient(error, redirect, state: parameters["state"])
    }
  }

  private static func challenge(_ parameters: FormParameters) throws(OAuthError) -> String {
    guard !parameters.hasRepeated else { throw .invalidRequest("a parameter occurs twice") }
    guard parameters["request"] == nil else {
      throw OAuthError(code: "request_not_supported", description: "request objects are not supported")
    }
    guard parameters["request_uri"] == nil else {
      throw OAuthError(code: "request_uri_not_supported", description: "request objects are not supported")
    }
    guard let type = parameters["response_type"] else { throw .invalidRequest("response_type is missing") }
    guard type == "code" else {
      throw OAuthError(code: "unsupported_response_type", description: "response_type is code")
    }
    guard parameters["response_mode"] ?? "query" == "query" else {
      throw .invalidRequest("response_mode is query")
    }
    guard let challenge = parameters["code_challenge"], parameters["code_challenge_method"] == "S256" else {
      throw .invalidRequest("PKCE with S256 is required")
    }
    let digest = Array(challenge.utf8).withUnsafeBytes { Base64URL.decode($0) }
    guard digest?.count == 32 else { throw .invalidRequest("code_challenge is a base64url SHA-256 digest") }
    return challenge
  }
}
