import JOSE
import JSON
import Testing

/// Issuer, audience, client, scope and custom claims; all kinds together (AND), one entry of each (OR).
struct TokenClaimsTests {
  static let issuer = "https://idp.example/tenant"

  static let issuers: [(JSONValue?, String)] = [
    ("https://idp.example/tenant", "verified"), ("https://idp.example/tenant/", "wrong_issuer"),
    ("https://IDP.example/tenant", "wrong_issuer"), ("https://idp.example/tenant ", "wrong_issuer"),
    ("", "wrong_issuer"),
    (nil, "wrong_issuer"), (["https://idp.example/tenant"], "malformed_claims"), (.null, "malformed_claims"),
  ]

  @Test(arguments: issuers)
  func issuerIsExact(_ value: JSONValue?, _ outcome: String) throws {
    #expect(try TestTokens.sign([("iss", value)]).outcome() == outcome)
  }

  @Test func issuerIsNotComparedByUnicodeEquivalence() throws {
    let policy = TokenPolicy(issuer: "https://idp.example/\u{E9}", clients: ["client-1"])
    #expect(try TestTokens.sign([("iss", "https://idp.example/\u{E9}")]).outcome(policy) == "verified")
    #expect(try TestTokens.sign([("iss", "https://idp.example/e\u{301}")]).outcome(policy) == "wrong_issuer")
  }

  static let audiences: [(JSONValue?, String)] = [
    ("https://gateway.example/mcp", "verified"), ("api://other", "verified"),
    (["x", "api://other"], "verified"), (["https://gateway.example/mcp"], "verified"),
    (["x", "y"], "wrong_audience"),
    ("https://gateway.example", "wrong_audience"), ("https://gateway.example/mcp/", "wrong_audience"),
    ([], "wrong_audience"), (nil, "wrong_audience"), ("", "wrong_audience"),
    ("x https://gateway.example/mcp", "wrong_audience"),
    (["https://gateway.example/mcp", 1], "malformed_claims"),
    (7, "malformed_claims"), (.null, "malformed_claims"), (["a": "b"], "malformed_claims"),
  ]

  @Test(arguments: audiences)
  func audience(_ value: JSONValue?, _ outcome: String) throws {
    var policy = TestTokens.policy
    policy.audiences = ["https://gateway.example/mcp", "api://other"]
    #expect(try TestTokens.sign([("aud", value)]).outcome(policy) == outcome)
  }

  static let clientChanges: [([(String, JSONValue?)], String)] = [
    ([("client_id", ("client-1"))], "verified"), ([("client_id", "client-2")], "verified"),
    ([("client_id", "client-3")], "wrong_client"), ([("client_id", "CLIENT-1")], "wrong_client"),
    ([("client_id", nil)], "wrong_client"), ([("client_id", ["client-1"])], "wrong_client"),
    ([("client_id", .null)], "wrong_client"), ([("client_id", nil), ("azp", "client-1")], "verified"),
    ([("client_id", nil), ("cid", "client-1")], "verified"),
    ([("client_id", nil), ("appid", "client-1")], "verified"),
    // The first claim present decides; a later one does not rescue it.
    ([("client_id", "client-3"), ("azp", "client-1")], "wrong_client"),
    ([("client_id", 1), ("azp", "client-1")], "wrong_client"),
  ]

  @Test(arguments: clientChanges)
  func clients(_ changes: [(String, JSONValue?)], _ outcome: String) throws {
    var policy = TestTokens.policy
    policy.clients = ["client-1", "client-2"]
    #expect(try TestTokens.sign(changes).outcome(policy) == outcome)
  }

  @Test func clientClaimsAreConfigurable() throws {
    var policy = TestTokens.policy
    policy.clients = ["client-9"]
    policy.clientClaims = ["application"]
    let token = try TestTokens.sign([("application", "client-9")])
    #expect(try token.verified(policy).client == "client-9")
    #expect(try TestTokens.sign().outcome(policy) == "wrong_client")
  }

  static let scopeChanges: [([(String, JSONValue?)], String)] = [
    ([("scope", ("mcp:tools"))], "verified"), ([("scope", "openid mcp:admin")], "verified"),
    ([("scope", "  mcp:tools  x ")], "verified"), ([("scope", ["openid", "mcp:tools"])], "verified"),
    ([("scope", nil), ("scp", "mcp:tools email")], "verified"),
    ([("scope", nil), ("scp", ["mcp:admin"])], "verified"),
    ([("scope", "openid"), ("scp", ["mcp:admin"])], "verified"),
    ([("scope", "openid email")], "insufficient_scope"),
    ([("scope", "mcp:tool mcp:toolsx")], "insufficient_scope"),
    ([("scope", "MCP:TOOLS")], "insufficient_scope"),
    ([("scope", "mcp:tools,mcp:admin")], "insufficient_scope"),
    ([("scope", "")], "insufficient_scope"), ([("scope", nil)], "insufficient_scope"),
    ([("scope", ["mcp:tools", 1])], "insufficient_scope"),
    ([("scope", ["mcp:tools openid"])], "insufficient_scope"),
    ([("scope", .null)], "insufficient_scope"), ([("scope", 1)], "insufficient_scope"),
  ]

  @Test(arguments: scopeChanges)
  func scopes(_ changes: [(String, JSONValue?)], _ outcome: String) throws {
    var policy = TestTokens.policy
    policy.scopes = ["mcp:tools", "mcp:admin"]
    #expect(try TestTokens.sign(changes).outcome(policy) == outcome)
  }

  static let customClaimRows: [(JSONValue?, ClaimRule.Match, Bool)] = [
    (("a"), .equals("a"), true), ("b", .equals("a"), false), (["a"], .equals("a"), false),
    (.null, .equals("a"), false), (nil, .equals("a"), false), (1, .equals("1"), false),
    (true, .equals("true"), false),
    ("\u{E9}", .equals("e\u{301}"), false), ("urn:x:y/z @", .equals("urn:x:y/z @"), true),
    (["a", "b"], .contains("b"), true), (["a"], .contains("b"), false), ([], .contains("b"), false),
    ("b", .contains("b"), false), ("abc", .contains("b"), false), (["b", 1], .contains("b"), false),
    (["b", .null], .contains("b"), false), (nil, .contains("b"), false), (["x": "b"], .contains("b"), false),
    (["a", "b"], .containsAny(["x", "b"]), true), (["a", "b"], .containsAny(["x", "y"]), false),
    (["a"], .containsAny([]), false), ("a", .containsAny(["a"]), false),
    (["a", 1], .containsAny(["a"]), false),
    ("b", .equalsAny(["a", "b"]), true), ("c", .equalsAny(["a", "b"]), false), (["a"], .equalsAny(["a"]), false),
    (nil, .equalsAny(["a"]), false), ("a", .equalsAny([]), false), ("e\u{301}", .equalsAny(["\u{E9}"]), false),
    (nil, .containsAny(["a"]), false),
  ]

  @Test(arguments: customClaimRows)
  func customClaims(_ value: JSONValue?, _ match: ClaimRule.Match, _ matches: Bool) throws {
    var policy = TestTokens.policy
    policy.customClaims = [.claim("https://example.com/roles", match)]
    let token = try TestTokens.sign([("https://example.com/roles", value)])
    #expect(try token.outcome(policy) == (matches ? "verified" : "claim_mismatch"))
  }

  @Test func customClaimsMustAllHold() throws {
    var policy = TestTokens.policy
    policy.customClaims = [.claim("a.b", .equals("x")), .claim("c", .contains("y"))]
    #expect(try TestTokens.sign([("a", ["b": "x"]), ("c", ["y"])]).outcome(policy) == "verified")
    #expect(try TestTokens.sign([("a", ["b": "z"]), ("c", ["y"])]).outcome(policy) == "claim_mismatch")
    #expect(try TestTokens.sign([("a.b", "x"), ("c", ["y"])]).outcome(policy) == "verified")
    #expect(try TestTokens.sign([("a.b", "x"), ("c", ["z"])]).outcome(policy) == "claim_mismatch")
    #expect(try TestTokens.sign([("a.b", "z"), ("c", ["y"])]).outcome(policy) == "claim_mismatch")
  }

  /// Every subset of the five kinds failing: the first failing kind in the order of severity is reported,
  /// scope last.
  @Test func kindsAreCombinedByAND() throws {
    var policy = TestTokens.policy
    policy.clients = ["client-1"]
    policy.scopes = ["mcp:tools"]
    policy.customClaims = [.claim("tenant", .equals("t"))]
    let faults: [(change: (String, JSONValue?), outcome: String)] = [
      (("iss", "x"), "wrong_issuer"), (("aud", "x"), "wrong_audience"), (("client_id", "x"), "wrong_client"),
      (("tenant", "x"), "claim_mismatch"), (("scope", "x"), "insufficient_scope"),
    ]
    for subset in 0..<(1 << faults.count) {
      let chosen = faults.indices.filter { subset & 1 << $0 != 0 }
      let token = try TestTokens.sign([("tenant", "t")] + chosen.map { faults[$0].change })
      #expect(try token.outcome(policy) == (chosen.first.map { faults[$0].outcome } ?? "verified"))
    }
  }

  @Test func emptyListsAreNotLookedAt() throws {
    let policy = TokenPolicy(issuer: Self.issuer)
    let token = try TestTokens.sign([("aud", nil), ("client_id", nil), ("scope", nil), ("sub", nil)])
    #expect(try token.outcome(policy) == "verified")
  }

  @Test func aMalformedSubjectIsRefused() throws {
    #expect(try TestTokens.sign([("sub", 42)]).outcome() == "malformed_claims")
  }
}
