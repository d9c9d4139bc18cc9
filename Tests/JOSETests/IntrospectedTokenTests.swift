import JOSE
import JSON
import Testing

/// What an issuer says about a token, held against the policy like the claims of a JWT (RFC 7662 §2.2).
struct IntrospectedTokenTests {
  private static let now = TestTokens.now

  private static let answer: JSONObject = [
    "active": true, "scope": "mcp:tools", "client_id": "client-1", "sub": "user-1",
    "aud": "https://gateway.example/mcp",
  ]

  private func outcome(_ changes: [(String, JSONValue?)], _ policy: TokenPolicy = TestTokens.policy) -> String {
    var answer = Self.answer
    for (name, value) in changes { answer[name] = value }
    do throws(TokenFault) {
      _ = try TokenVerifier(policy: policy).accept(introspected: answer, lifetime: 60, now: Self.now)
      return "accepted"
    } catch {
      return "\(error.reason)"
    }
  }

  private static let rows: [([(String, JSONValue?)], String)] = [
    ([], "accepted"), ([("iss", "https://idp.example/tenant")], "accepted"),
    ([("iss", "https://other")], "wrong_issuer"),
    ([("exp", .integer(now + 5))], "accepted"), ([("exp", .integer(now - 61))], "expired"),
    ([("nbf", .integer(now + 100))], "not_yet_valid"), ([("aud", "other")], "wrong_audience"),
    ([("aud", nil)], "wrong_audience"), ([("exp", "soon")], "malformed_claims"),
    ([("cnf", ["kid": "k"])], "unsupported_confirmation"),
  ]

  @Test(arguments: rows)
  func conditions(_ changes: [(String, JSONValue?)], _ expected: String) { #expect(outcome(changes) == expected) }

  @Test func clientsAndScopesCountToo() {
    var policy = TestTokens.policy
    policy.clients = ["client-2"]
    #expect(outcome([], policy) == "wrong_client")
    policy.clients = []
    policy.scopes = ["mcp:admin"]
    #expect(outcome([], policy) == "insufficient_scope")
    // What only JWTs have is not asked for.
    policy.scopes = []
    policy.type = .accessTokenJWT
    policy.algorithms = []
    #expect(outcome([], policy) == "accepted")
  }

  /// The answer is good for its lifetime, and never longer than the token.
  @Test(
    arguments: [(nil, now + 60), (now + 1_000, now + 60), (now + 5, now + 60), (now - 30, now + 30)]
      as [(Int64?, Int64)])
  func verdictsEnd(_ expiry: Int64?, _ end: Int64) throws {
    var answer = Self.answer
    answer["exp"] = expiry.map { .integer($0) }
    let token = try TokenVerifier(policy: TestTokens.policy).accept(introspected: answer, lifetime: 60, now: Self.now)
    #expect(token.verdictEnd == end)
    #expect(token.keyThumbprint == nil)
    #expect(token.issuer == "https://idp.example/tenant")
    #expect(token.subject == "user-1")
  }
}
