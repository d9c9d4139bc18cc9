import JOSE
import JSON
import Testing

/// Tokens that are genuine but not access tokens (GW-48), and those that providers really issue.
struct TokenKindTests {
  @Test(arguments: [
    ("at+jwt", "verified"), ("application/at+jwt", "verified"), ("AT+JWT", "verified"), ("JWT", "verified"),
    ("application/vnd.example+jwt", "verified"), ("", "verified"),
    ("oauth-id-jag+jwt", "not_an_access_token"), ("application/oauth-id-jag+jwt", "not_an_access_token"),
    ("dpop+jwt", "not_an_access_token"), ("DPoP+JWT", "not_an_access_token"),
    ("Application/DPOP+jwt", "not_an_access_token"), ("logout+jwt", "not_an_access_token"),
    ("secevent+jwt", "not_an_access_token"), ("application/secevent+jwt", "not_an_access_token"),
    ("client-authentication+jwt", "not_an_access_token"), ("oauth-authz-req+jwt", "not_an_access_token"),
    ("token-introspection+jwt", "not_an_access_token"), ("kb+jwt", "not_an_access_token"),
  ])
  func types(_ typ: String, _ outcome: String) throws {
    #expect(try TestTokens.sign(type: typ).outcome() == outcome)
  }

  static let idTokenRows: [(String, [(String, JSONValue?)], String)] = [
    ("JWT", [("nonce", ("n"))], "not_an_access_token"), ("jwt", [("at_hash", "h")], "not_an_access_token"),
    ("application/jwt", [("nonce", "n")], "not_an_access_token"),
    ("JWT", [("nonce", .null)], "not_an_access_token"),
    ("at+jwt", [("nonce", "n")], "verified"), ("JWT", [], "verified"),
    ("JWT", [("token_use", "id")], "not_an_access_token"),
    ("at+jwt", [("token_use", "id")], "not_an_access_token"),
    ("JWT", [("token_use", "access")], "verified"),
    ("JWT", [("c_hash", "h")], "not_an_access_token"), ("JWT", [("s_hash", "h")], "not_an_access_token"),
    // Keycloak says it inside the claims; its access tokens of older versions have a nonce.
    ("JWT", [("typ", "Bearer"), ("nonce", "n")], "verified"), ("JWT", [("typ", "ID")], "not_an_access_token"),
    ("at+jwt", [("typ", "ID")], "not_an_access_token"), ("JWT", [("typ", "Refresh")], "not_an_access_token"),
    ("JWT", [("typ", "Offline")], "not_an_access_token"), ("JWT", [("typ", "Logout")], "not_an_access_token"),
    ("JWT", [("typ", "DPoP")], "verified"), ("JWT", [("typ", 1)], "verified"),
    ("JWT", [("token_use", "refresh")], "not_an_access_token"),
    // Logout tokens and security events that do not say so in their header.
    ("JWT", [("events", ["http://schemas.openid.net/event/backchannel-logout": [:]])], "not_an_access_token"),
  ]

  /// RFC 9068 §4, where the provider is known to follow it.
  @Test(arguments: [
    ("at+jwt", "verified"), ("application/AT+jwt", "verified"), ("JWT", "wrong_token_type"),
    ("vendor+jwt", "wrong_token_type"), ("dpop+jwt", "not_an_access_token"),
  ])
  func theTypeMayBeDemanded(_ typ: String, _ outcome: String) throws {
    var policy = TestTokens.policy
    policy.type = .accessTokenJWT
    #expect(try TestTokens.sign(type: typ).outcome(policy) == outcome)
    #expect(try TestTokens.signRaw(header: "{\"alg\":\"ES256\"}").outcome(policy) == "wrong_token_type")
  }

  @Test(arguments: idTokenRows)
  func idTokens(_ typ: String, _ changes: [(String, JSONValue?)], _ outcome: String) throws {
    #expect(try TestTokens.sign(changes, type: typ).outcome() == outcome)
  }

  @Test func idTokensWithoutAType() throws {
    let claims = TestTokens.claims([("nonce", "n")])
    let header = "{\"alg\":\"ES256\",\"kid\":\"key-ES256\"}"
    #expect(try TestTokens.signRaw(header: header, claims: claims).outcome() == "not_an_access_token")
    #expect(try TestTokens.signRaw(header: header).outcome() == "verified")
  }

  /// Okta custom authorization server: fixed audience, client in `cid`, scopes in an array `scp`, no `typ`.
  @Test func okta() throws {
    let now = TestTokens.now
    let token = try TestTokens.signRaw(
      header: "{\"kid\":\"key-RS256\",\"alg\":\"RS256\"}",
      claims: [
        "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        "iss": "https://org.okta.example/oauth2/default",
        "aud": "api://default", "iat": .integer(now), "exp": .integer(now + 3600),
        "cid": "0oabskvc6442nkvQO0h7",
        "uid": "00u5t60iloOHN9pBi0h7", "scp": ["offline_access", "access_as_user"], "sub": "user@example.com",
      ], .rs256)
    let policy = TokenPolicy(
      issuer: "https://org.okta.example/oauth2/default", audiences: ["api://default"],
      clients: ["0oabskvc6442nkvQO0h7"], scopes: ["access_as_user"])
    let verified = try token.verified(policy)
    #expect(verified.client == "0oabskvc6442nkvQO0h7")
    #expect(verified.scopes == ["offline_access", "access_as_user"])
    #expect(verified.subject == "user@example.com")
  }

  /// Microsoft Entra v2.0: GUID audience, client in `azp`, space-separated short names in `scp`, `typ: JWT`.
  @Test func entra() throws {
    let now = TestTokens.now
    let token = try TestKeys.key(.rs256).sign(
      [
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
        "iss": "https://login.microsoftonline.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        "iat": .integer(now),
        "nbf": .integer(now), "exp": .integer(now + 3599), "azp": "4d8b8ce7-5d5c-4a3c-8f1e-0a5b3b3b5a0d",
        "azpacr": "0",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "scp": "access_as_user profile",
        "sub": "HKZpfaHyWadeOouYlitjrI",
        "groups": ["9f9f"], "ver": "2.0",
      ], type: "JWT")
    var policy = TokenPolicy(
      issuer: "https://login.microsoftonline.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
      audiences: ["6e74172b-be56-4843-9ff4-e66a39bb12e3"], clients: ["4d8b8ce7-5d5c-4a3c-8f1e-0a5b3b3b5a0d"],
      scopes: ["access_as_user"], customClaims: [.claim("groups", .contains("9f9f"))])
    #expect(try token.outcome(policy) == "verified")
    policy.scopes = ["api://6e74172b/access_as_user"]
    #expect(try token.outcome(policy) == "insufficient_scope")
  }

  /// Amazon Cognito: access tokens have no `aud`; ID tokens have `token_use: id`.
  @Test func cognito() throws {
    let now = TestTokens.now
    let issuer = "https://cognito-idp.eu-west-1.amazonaws.example/eu-west-1_AbCdEf"
    let policy = TokenPolicy(issuer: issuer, clients: ["1example23456789"], scopes: ["gateway/tools"])
    var claims: JSONObject = [
      "sub": "aaaaaaaa-bbbb-cccc-dddd-example", "cognito:groups": ["admins"], "iss": .string(issuer),
      "version": 2,
      "client_id": "1example23456789", "token_use": "access", "scope": "gateway/tools",
      "auth_time": .integer(now),
      "exp": .integer(now + 3600), "iat": .integer(now), "username": "janedoe",
    ]
    let header = "{\"kid\":\"key-RS256\",\"alg\":\"RS256\"}"
    #expect(
      try TestTokens.signRaw(header: header, claims: .object(claims), .rs256).outcome(policy) == "verified")
    claims["token_use"] = "id"
    claims["aud"] = "1example23456789"
    #expect(
      try TestTokens.signRaw(header: header, claims: .object(claims), .rs256).outcome(policy)
        == "not_an_access_token")
  }
}
