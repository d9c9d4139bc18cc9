internal import JOSE
internal import Web

/// Which client has sent a token request (RFC 6749 §2.3, §3.2.1).
struct ClientIdentification {
  let state: ProviderState

  /// Public clients only name themselves; the one with a secret shows it in the Authorization field.
  func client(
    _ request: LocalRequest, _ form: FormParameters, now: Int64
  ) throws(OAuthError) -> RegisteredClient {
    guard let field = request.field("authorization") else { return try named(form, now: now) }
    guard let credentials = BasicCredentials(field), let client = state.clients.value(credentials.id, now: now),
      let secret = client.secret, ConstantTime.equals(credentials.secret, secret)
    else { throw Self.refusal("no client has these credentials") }
    guard form["client_id"] ?? client.id == client.id, form["client_secret"] == nil else {
      throw .invalidRequest("a client authenticates in one way, and names itself")
    }
    return client
  }

  private func named(_ form: FormParameters, now: Int64) throws(OAuthError) -> RegisteredClient {
    guard let id = form["client_id"] else { throw .invalidRequest("client_id is missing") }
    guard let client = state.clients.value(id, now: now) else {
      throw .invalidClient("the client is not registered")
    }
    guard client.secret == nil else { throw Self.refusal("the client authenticates by client_secret_basic") }
    guard form["client_secret"] == nil else { throw .invalidClient("the client has no secret") }
    return client
  }

  private static func refusal(_ description: String) -> OAuthError {
    OAuthError(
      code: "invalid_client", description: description, status: 401, challenge: "Basic realm=\"portcullis-demo\"")
  }
}
