import JOSE
import JSON
import Testing

/// The claims of a token that was sealed here, held against the policy of the route.
struct SealedTokenTests {
  private static let now = TestTokens.now

  private func accept(
    _ changes: [(String, JSONValue?)], _ policy: TokenPolicy = TestTokens.policy
  ) throws(TokenFault) -> VerifiedToken {
    try TokenVerifier(policy: policy).accept(
      sealed: TestTokens.claims(changes).objectValue ?? [:], now: Self.now)
  }

  private func outcome(_ changes: [(String, JSONValue?)], _ policy: TokenPolicy = TestTokens.policy) -> String {
    do throws(TokenFault) {
      _ = try accept(changes, policy)
      return "accepted"
    } catch {
      return "\(error.reason)"
    }
  }

  private static let rows: [([(String, JSONValue?)], String)] = [
    ([], "accepted"),
    // The seal names the route.
    ([("aud", "other")], "accepted"), ([("aud", nil)], "accepted"),
    // What an ID token says about itself does not matter any more.
    ([("nonce", "n"), ("token_use", "id")], "accepted"),
    // Unlike a provider's answer nothing is completed.
    ([("iss", nil)], "wrong_issuer"), ([("exp", nil)], "missing_expiry"),
    ([("iss", "https://other")], "wrong_issuer"), ([("exp", .integer(now - 60))], "expired"),
    ([("nbf", .integer(now + 100))], "not_yet_valid"), ([("iat", .integer(now + 100))], "issued_in_future"),
    ([("exp", "soon")], "malformed_claims"), ([("cnf", ["kid": "k"])], "unsupported_confirmation"),
  ]

  @Test(arguments: rows)
  func conditions(_ changes: [(String, JSONValue?)], _ expected: String) { #expect(outcome(changes) == expected) }

  @Test func clientsClaimsAndScopesCount() {
    var policy = TestTokens.policy
    policy.type = .accessTokenJWT
    policy.algorithms = []
    #expect(outcome([], policy) == "accepted")
    policy.scopes = ["mcp:admin"]
    #expect(outcome([], policy) == "insufficient_scope")
    policy.customClaims = [.claim("groups", .contains("staff"))]
    #expect(outcome([], policy) == "claim_mismatch")
    policy.clients = ["client-2"]
    #expect(outcome([], policy) == "wrong_client")
  }

  /// No clock differs from the one that sealed: the skew is not added.
  @Test(arguments: [now + 1, now + 300])
  func verdictsEndWithTheToken(_ expiry: Int64) throws {
    let token = try accept([("exp", .integer(expiry))])
    #expect(token.verdictEnd == expiry)
    #expect(token.isSealed)
    #expect(token.keyThumbprint == nil)
    #expect(token.client == "client-1")
    #expect(try !TestTokens.sign().verified().isSealed)
  }

  @Test func theWholeReason() {
    let verifier = TokenVerifier(policy: TestTokens.policy)
    let claims = TestTokens.claims([("iss", "https://other")]).objectValue ?? [:]
    #expect(
      verifier.evidence(for: .wrongIssuer, ofSealed: claims, now: Self.now)?.line
        == "found iss https://other; wanted https://idp.example/tenant")
  }
}
