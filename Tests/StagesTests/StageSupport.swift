import Bytes
import HTTP
import JOSE
import JSON
import Net
import Pipeline

extension Exchange {
  /// A request that has arrived, for stages to look at.
  static func request(
    _ method: String = "POST", _ path: String = "/mcp", query: String? = nil, authority: String? = "gw.example",
    client: String = "10.0.0.1", fields: [(String, String)] = []
  ) -> Exchange {
    let exchange = Exchange()
    exchange.request.set(method, path, query: query, authority: authority, fields)
    exchange.clientAddress = [UInt8](client.utf8)
    return exchange
  }
}

extension Verdict {
  /// What was decided, in words.
  var words: String {
    switch self {
    case .proceed: "proceed"
    case .respond(let reply): "respond \(reply.status)"
    case .reject(let rejection): "reject \(rejection.reply.status) \(rejection.reason)"
    case .suspended: "suspended"
    case .taken: "taken"
    }
  }

  /// The document, when there is one.
  var reply: Reply? {
    switch self {
    case .respond(let reply): reply
    case .reject(let rejection): rejection.reply
    default: nil
    }
  }
}

/// Tokens of a provider that the tests are.
struct TestIssuer {
  let key: SigningKey
  static let issuer = "https://idp.example"
  static let audience = "https://gw.example/mcp"
  static let policy = TokenPolicy(issuer: issuer, audiences: [audience])

  init() throws { key = try SigningKey.generate(.es256, kid: "key-1") }

  /// - Parameter changes: claims that differ from a token that is in order.
  func token(_ changes: [(String, JSONValue)] = [], signedBy other: SigningKey? = nil) throws -> String {
    var claims: JSONObject = [
      "iss": .string(Self.issuer), "sub": "user-1", "aud": .string(Self.audience), "client_id": "client-1",
      "scope": "mcp:tools openid", "exp": .integer(Loop.unixTime + 300),
    ]
    for (name, value) in changes { claims[name] = value }
    return try (other ?? key).sign(.object(claims))
  }

  func verified(_ changes: [(String, JSONValue)] = []) throws -> VerifiedToken {
    let keys = try KeySet(jwks: ["keys": .array([key.publicJWK])])
    let judgement = try token(changes).lend {
      TokenVerifier(policy: Self.policy).judge(try PresentedToken($0), keys: keys, now: Loop.unixTime)
    }
    guard case .verified(let token) = judgement else { throw NotVerified() }
    return token
  }

  private struct NotVerified: Error {}
}

extension VerifiedToken {
  var subject: String { String(decoding: subjectBytes, as: UTF8.self) }
}
