internal import Bytes
internal import JOSE
internal import JSON
internal import Web

/// `/register`: open registration of public clients (RFC 7591 §3).
struct RegistrationEndpoint {
  let state: ProviderState

  func answer(_ request: LocalRequest, now: Int64) throws -> LocalReply {
    guard request.mediaType == "application/json", let metadata = try? JSONValue.parse(request.body) else {
      throw OAuthError.invalidClientMetadata("the body is JSON")
    }
    let id = "client-" + Base64URL.encode(try SecureRandom.bytes(12))
    let client = try RegisteredClient(id: id, metadata: metadata, now: now)
    state.clients.insert(client, client.id, expiry: now + Lifetime.registration, now: now)
    return .json(client.information, status: 201)
  }
}
