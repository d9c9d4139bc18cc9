import JOSE
import JSON
import Testing

/// When the scopes of a token are enough (GW-08 to GW-10).
struct TokenPolicyTests {
  private static let hierarchy = ["admin": ["write"], "write": ["read", "list"], "other": ["else"]]

  @Test(arguments: [
    ("read", true), ("write", true), ("admin", true), ("list", false), ("other", false), ("else read", true),
    ("", false),
    ("ADMIN", false),
  ])
  func aScopeIncludesOthers(_ granted: String, _ isEnough: Bool) throws {
    let policy = TokenPolicy(
      issuer: TestTokens.policy.issuer, audiences: TestTokens.policy.audiences, scopes: ["read"],
      scopeHierarchy: Self.hierarchy)
    let outcome = try TestTokens.sign([("scope", .string(granted))]).outcome(policy)
    #expect(outcome == (isEnough ? "verified" : "insufficient_scope"))
  }

  @Test(arguments: [
    ("read list", true), ("write", true), ("admin", true), ("read", false), ("list", false), ("list other read", true),
  ])
  func allMayBeWanted(_ granted: String, _ isEnough: Bool) throws {
    let policy = TokenPolicy(
      issuer: TestTokens.policy.issuer, audiences: TestTokens.policy.audiences, scopes: ["read", "list"],
      scopeMatch: .all, scopeHierarchy: Self.hierarchy)
    let outcome = try TestTokens.sign([("scope", .string(granted))]).outcome(policy)
    #expect(outcome == (isEnough ? "verified" : "insufficient_scope"))
  }

  /// The configuration refuses circles; a policy survives them.
  @Test func aCircleEnds() {
    let policy = TokenPolicy(issuer: "https://idp.example", scopeHierarchy: ["a": ["b"], "b": ["a"]])
    #expect(Set(policy.includedScopes["a"] ?? []) == ["a", "b"])
  }
}
