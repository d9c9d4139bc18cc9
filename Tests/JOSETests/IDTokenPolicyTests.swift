import JOSE
import JSON
import Testing

/// ID tokens that the provider has made for the gateway as its client (OpenID Connect Core §3.1.3.7).
struct IDTokenPolicyTests {
  private static let now = TestTokens.now
  private static let policy: TokenPolicy = {
    var policy = TestTokens.policy
    policy.type = .accessTokenJWT
    policy.clients = ["somebody"]
    policy.scopes = ["mcp:admin"]
    policy.customClaims = [.claim("tenant", .equals("t"))]
    return policy.forIDTokens(of: "gateway")
  }()

  private static let claims: [(String, JSONValue?)] = [
    ("aud", "gateway"), ("client_id", nil), ("scope", nil), ("nonce", "n"), ("at_hash", "h"),
  ]

  private func outcome(_ changes: [(String, JSONValue?)], type: String = "JWT") throws -> String {
    try TestTokens.sign(Self.claims + changes, type: type).outcome(Self.policy)
  }

  private static let rows: [([(String, JSONValue?)], String)] = [
    ([], "verified"), ([("nonce", nil), ("at_hash", nil)], "verified"), ([("aud", ["gateway", "other"])], "verified"),
    ([("token_use", "id")], "verified"), ([("typ", "ID")], "verified"),
    ([("token_use", "access")], "not_an_access_token"), ([("typ", "Bearer")], "not_an_access_token"),
    ([("typ", "Refresh")], "not_an_access_token"), ([("typ", "Logout")], "not_an_access_token"),
    ([("events", ["http://schemas.openid.net/event/backchannel-logout": [:]])], "not_an_access_token"),
    ([("aud", "https://gateway.example/mcp")], "wrong_audience"), ([("aud", nil)], "wrong_audience"),
    ([("iss", "https://other")], "wrong_issuer"), ([("exp", .integer(now - 60))], "expired"),
    ([("exp", nil)], "missing_expiry"), ([("iat", .integer(now + 100))], "issued_in_future"),
  ]

  @Test(arguments: rows)
  func conditions(_ changes: [(String, JSONValue?)], _ expected: String) throws {
    #expect(try outcome(changes) == expected)
  }

  @Test(arguments: [
    ("JWT", "verified"), ("vendor+jwt", "verified"), ("at+jwt", "wrong_token_type"),
    ("application/at+jwt", "wrong_token_type"), ("logout+jwt", "not_an_access_token"),
    ("dpop+jwt", "not_an_access_token"),
  ])
  func types(_ type: String, _ expected: String) throws { #expect(try outcome([], type: type) == expected) }

  @Test func theSignatureCounts() throws {
    let forger = try SigningKey.generate(.es256, kid: "key-ES256")
    let token = try forger.sign(TestTokens.claims(Self.claims), type: "JWT")
    #expect(try token.outcome(Self.policy) == "bad signature: key-ES256")
  }

  /// And an ID token stays what no route accepts.
  @Test func routesRefuseIt() throws {
    let token = try TestTokens.sign([("nonce", "n"), ("token_use", "id")], type: "JWT")
    #expect(try token.outcome() == "not_an_access_token")
  }

  @Test func theLogSaysWhatWasWanted() throws {
    var token = try TestTokens.sign(Self.claims + [("typ", "Bearer")], type: "JWT")
    let line = try token.withUTF8 {
      TokenVerifier(policy: Self.policy).evidence(
        for: .notAnAccessToken, of: try PresentedToken(UnsafeRawBufferPointer($0)), now: Self.now)?.line
    }
    #expect(line == "found claims typ, nonce, at_hash; wanted an ID token")
  }
}
