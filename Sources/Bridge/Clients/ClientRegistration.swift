import JOSE
import JSON
import Net
package import Web

/// `/register`: public clients register themselves (RFC 7591 §3). What they ask for besides redirect URIs and a name is
/// answered with what they get, which the RFC lets a server choose (§3.2.1).
package final class ClientRegistration: LocalService {
  /// Bytes of a request.
  package static let sizeLimit = 65_536

  private let seal: ClientSeal
  private let budget: ClientBudget

  /// - Parameter limit: registrations a minute for each client address (IPv6: /64); 0: any number.
  package init(_ seal: ClientSeal, limit: Int) {
    self.seal = seal
    budget = ClientBudget(limit: limit)
  }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer {
    .reply(TokenReply.unlessPost(request.method) ?? answer(request, now: now))
  }

  /// - Parameter now: seconds since 1970.
  func answer(_ request: LocalRequest, now: Int64) -> LocalReply {
    if let seconds = budget.wait(for: request.clientAddress, now: now) {
      let error = OAuthError(
        code: "temporarily_unavailable", description: "too many registrations come from this address", status: 429)
      return refusal(error, "bridge_registration_limited").adding([("retry-after", "\(seconds)")])
    }
    budget.spend(request.clientAddress, now: now)
    do throws(OAuthError) {
      return try register(metadata(request), now: now)
    } catch {
      return refusal(error, "bridge_registration_refused")
    }
  }

  private func metadata(_ request: LocalRequest) throws(OAuthError) -> ClientMetadata {
    guard request.body.count <= Self.sizeLimit else {
      throw OAuthError(
        code: "invalid_client_metadata", description: "the body has at most \(Self.sizeLimit) bytes", status: 413)
    }
    guard isJSON(request.mediaType), case .object(let members)? = try? JSONValue.parse(request.body) else {
      throw .invalidClientMetadata("the body is a JSON object, of type application/json")
    }
    return try ClientMetadata(members)
  }

  /// Not every client says so.
  private func isJSON(_ type: String?) -> Bool {
    type.map { $0 == "application/json" || $0.hasSuffix("+json") } ?? true
  }

  private func register(_ metadata: ClientMetadata, now: Int64) -> LocalReply {
    do throws(CryptoFailure) {
      let client = try seal.register(metadata, now: now)
      var reply = LocalReply.json(information(client, now: now), status: 201, fields: Self.fields)
      reply.detail = client.shownID
      return reply
    } catch {
      let failure = OAuthError(code: "server_error", description: "the registration failed", status: 500)
      var reply = refusal(failure, "bridge_sealing_failed")
      reply.detail = error.description
      return reply
    }
  }

  private func information(_ client: BridgeClient, now: Int64) -> JSONValue {
    var members: JSONObject = [
      "client_id": .string(client.id),
      "client_id_issued_at": .integer(now),
      "redirect_uris": JSONValue(client.redirectURIs.map(\.text)),
      "grant_types": ["authorization_code", "refresh_token"],
      "response_types": ["code"],
      "token_endpoint_auth_method": "none",
    ]
    members["client_name"] = client.name.map { .string($0) }
    return .object(members)
  }

  private func refusal(_ error: OAuthError, _ reason: StaticString) -> LocalReply {
    var reply = error.reply.adding(Self.fields)
    reply.reason = reason
    reply.detail = error.description
    return reply
  }

  private static let fields = TokenReply.fields
}
