package import JOSE
internal import JSON
package import Web

/// An OpenID provider for demonstrations and tests: two users, ephemeral keys, everything in memory.
package final class DemoIdentityProvider: LocalService {
  private struct Endpoint {
    let methods: [String]
    /// Whether scripts of any origin may call it (the endpoints that browser-based clients need).
    var isCrossOrigin = true
    let answer: (LocalRequest, Int64) throws -> LocalReply
  }

  package let users: [DemoUser]
  private let endpoints: [String: Endpoint]

  /// - Parameters:
  ///   - issuer: an origin (`http://127.0.0.1:8081`), without path or trailing slash.
  ///   - resource: the URL, without trailing slash, that tokens are for when the client names no resource.
  ///   - otherResources: further URLs that clients may name; those below an allowed one are allowed, too.
  ///   - client: the only client there is; nil when clients register themselves.
  package init(
    issuer: String, resource: String, otherResources: [String] = [], users: [DemoUser] = DemoUser.samples,
    algorithm: JWSAlgorithm = .rs256, client: KnownClient? = nil
  ) throws(CryptoFailure) {
    self.users = users
    let state = ProviderState(
      issuer: issuer, users: users, resources: ResourcePolicy(standard: resource, others: otherResources),
      tokens: try TokenIssuer(issuer: issuer, algorithm: algorithm))
    if let client { state.clients.insert(RegisteredClient(client), client.id, expiry: .max, now: 0) }
    let metadata = LocalReply.json(
      ProviderMetadata.document(issuer: issuer, algorithm: algorithm, registers: client == nil))
    let keys = LocalReply.json(state.tokens.keySet)
    let discovery = Endpoint(methods: ["GET"]) { _, _ in metadata }
    let authorization = AuthorizationEndpoint(state: state)
    var endpoints = [
      "/.well-known/openid-configuration": discovery,
      "/.well-known/oauth-authorization-server": discovery,
      "/jwks": Endpoint(methods: ["GET"]) { _, _ in keys },
      "/authorize": Endpoint(methods: ["GET", "POST"], isCrossOrigin: false) { request, now in
        try request.method == "POST"
          ? authorization.proceed(request, now: now) : authorization.begin(request, now: now)
      },
      "/token": Endpoint(methods: ["POST"], answer: TokenEndpoint(state: state).answer),
      "/userinfo": Endpoint(methods: ["GET", "POST"], answer: UserInfoEndpoint(state: state).answer),
    ]
    if client == nil {
      endpoints["/register"] = Endpoint(methods: ["POST"], answer: RegistrationEndpoint(state: state).answer)
    }
    self.endpoints = endpoints
  }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer { .reply(answer(request, now: now)) }

  package func answer(_ request: LocalRequest, now: Int64) -> LocalReply {
    respond(request, now: now).adding([("cache-control", "no-store")])
  }

  private func respond(_ request: LocalRequest, now: Int64) -> LocalReply {
    guard let endpoint = endpoints[request.path] else { return .json(["error": "not_found"], status: 404) }
    let allowed = (endpoint.methods + ["OPTIONS"]).joined(separator: ", ")
    if request.method == "OPTIONS" {
      let permission =
        endpoint.isCrossOrigin ? [("access-control-allow-origin", "*")] + Self.preflight(allowed) : []
      return LocalReply(status: 204, fields: [("allow", allowed)] + permission)
    }
    guard endpoint.methods.contains(request.method == "HEAD" ? "GET" : request.method) else {
      return .methodNotAllowed(allowed)
    }
    let reply: LocalReply
    do {
      reply = try endpoint.answer(request, now)
    } catch let error as OAuthError {
      reply = error.reply
    } catch {
      reply = .json(["error": "server_error"], status: 500)
    }
    return endpoint.isCrossOrigin ? reply.adding([("access-control-allow-origin", "*")]) : reply
  }

  private static func preflight(_ methods: String) -> [(String, String)] {
    [
      ("access-control-allow-methods", methods),
      ("access-control-allow-headers", "authorization, content-type, mcp-protocol-version"),
      ("access-control-max-age", "600"),
    ]
  }
}
