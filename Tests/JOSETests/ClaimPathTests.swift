import JOSE
import JSON
import Testing

/// Claims inside of claims, as Keycloak and others have them.
struct ClaimPathTests {
  private static let rows: [(String, JSONObject, Bool)] = [
    ("realm_access.roles", ["realm_access": ["roles": ["x", "wanted"]]], true),
    ("realm_access.roles", ["realm_access": ["roles": ["x"]]], false),
    ("realm_access.roles", ["realm_access": ["roles": "wanted"]], false),
    ("realm_access.roles", ["realm_access": ["wanted"]], false),
    ("realm_access.roles", ["realm_access": [:]], false), ("realm_access.roles", [:], false),
    // The name as it is comes first, then shorter first parts.
    ("a.b", ["a.b": ["wanted"], "a": ["b": ["x"]]], true), ("a.b", ["a.b": ["x"], "a": ["b": ["wanted"]]], false),
    ("resource_access.my.client.roles", ["resource_access": ["my.client": ["roles": ["wanted"]]]], true),
    ("resource_access.my.client.roles", ["resource_access": ["my": ["client": ["roles": ["wanted"]]]]], true),
    ("https://example.com/roles", ["https://example.com/roles": ["wanted"]], true),
    ("https://example.com/roles", ["https://example": ["com/roles": ["wanted"]]], true),
    ("a.b.c", ["a": ["b": ["d": ["wanted"]], "b.c": ["wanted"]]], true),
    (".a", ["": ["a": ["wanted"]]], true), ("a.", ["a": ["": ["wanted"]]], true),
    ("a..b", ["a": ["b": ["wanted"]]], false),
  ]

  @Test(arguments: rows)
  func leadsToTheClaim(_ name: String, _ claims: JSONObject, _ holds: Bool) throws {
    var policy = TestTokens.policy
    policy.customClaims = [.claim(name, .contains("wanted"))]
    let token = try TestTokens.sign(claims.members.map { ($0.name, $0.value) })
    #expect(try token.outcome(policy) == (holds ? "verified" : "claim_mismatch"))
  }

  @Test func aPathThatIsAllDotsEnds() throws {
    var policy = TestTokens.policy
    policy.customClaims = [.claim(String(repeating: ".", count: 200), .contains("wanted"))]
    var nested: JSONValue = ["wanted"]
    for _ in 0..<12 { nested = ["": nested] }
    #expect(try TestTokens.sign([("", nested)]).outcome(policy) == "claim_mismatch")
  }

  @Test func scopesAndClientsMayBeNestedToo() throws {
    var policy = TestTokens.policy
    policy.scopeClaims = ["realm_access.roles"]
    policy.scopes = ["tools"]
    policy.clientClaims = ["act.client"]
    policy.clients = ["agent"]
    let token = try TestTokens.sign([("realm_access", ["roles": ["tools"]]), ("act", ["client": "agent"])])
    #expect(try token.verified(policy).scopes == ["tools"])
    #expect(try token.verified(policy).client == "agent")
  }

  /// What AgentCore's `allowedWorkloadConfiguration` says: one list or the other.
  @Test(arguments: [("w1", "x", true), ("x", "e2", true), ("x", "x", false)])
  func oneOfSeveralRulesMayBeEnough(_ workload: String, _ environment: String, _ holds: Bool) throws {
    var policy = TestTokens.policy
    policy.customClaims = [
      .anyOf([.claim("act.sub", .equalsAny(["w1", "w2"])), .claim("env", .containsAny(["e1", "e2"]))])
    ]
    let token = try TestTokens.sign([("act", ["sub": .string(workload)]), ("env", [.string(environment)])])
    #expect(try token.outcome(policy) == (holds ? "verified" : "claim_mismatch"))
  }
}
