import Bytes
import Demo
import JOSE
import JSON
import Testing
import Web

@Suite struct TokenEndpointTests {
  /// What the gateway makes of a token, with the provider's published keys.
  private func judge(
    _ token: JSONValue?, _ browser: TestBrowser, audience: String = TestBrowser.resource
  ) throws -> Judgement {
    let verifier = TokenVerifier(
      policy: TokenPolicy(issuer: TestBrowser.issuer, audiences: [audience]), keepsClaims: true)
    let keys = try KeySet(jwks: browser.get("/jwks").json)
    let bytes = Array((token?.stringValue ?? "").utf8)
    return try bytes.withUnsafeBytes { verifier.judge(try PresentedToken($0), keys: keys, now: browser.now) }
  }

  /// The claims of a token that the gateway accepts.
  private func claims(_ token: JSONValue?, _ browser: TestBrowser, audience: String = TestBrowser.resource)
    throws -> JSONValue
  {
    guard case .verified(let token) = try judge(token, browser, audience: audience) else { return .null }
    return token.claims.map { .object($0) } ?? .null
  }

  private func part(_ index: Int, of token: JSONValue?) throws -> JSONValue {
    let parts = (token?.stringValue ?? "").split(separator: ".")
    let bytes = Array(try #require(parts.dropFirst(index).first).utf8)
    return try JSONValue.parse(try #require(bytes.withUnsafeBytes { Base64URL.decode($0) }))
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func aCodeBecomesATokenThatTheGatewayAccepts(algorithm: JWSAlgorithm) throws {
    let browser = try TestBrowser(algorithm: algorithm)
    let client = browser.register()
    let reply = browser.redeem(browser.code(client, ["scope": "mcp:tools mcp:admin"]), client)
    #expect(reply.status == 200)
    #expect(reply.field("cache-control") == "no-store")
    #expect(reply.json["token_type"] == "Bearer")
    #expect(reply.json["expires_in"] == 300)
    #expect(reply.json["scope"] == "mcp:tools mcp:admin")
    #expect(reply.json["id_token"] == nil)
    let header = try part(0, of: reply.json["access_token"])
    #expect(header["typ"] == "at+jwt")
    #expect(header["alg"] == .string(algorithm.rawValue))
    let claims = try claims(reply.json["access_token"], browser)
    #expect(claims["iss"] == .string(TestBrowser.issuer))
    #expect(claims["sub"] == "alice")
    #expect(claims["aud"] == .string(TestBrowser.resource))
    #expect(claims["client_id"] == .string(client))
    #expect(claims["scope"] == "mcp:tools mcp:admin")
    #expect(claims["iat"] == .integer(browser.now))
    #expect(claims["exp"] == .integer(browser.now + 300))
    #expect(claims["jti"]?.stringValue?.isEmpty == false)
  }

  @Test(
    arguments: [
      (["resource": nil], [:], TestBrowser.resource),
      (["resource": nil], ["resource": nil], TestBrowser.resource),
      (["resource": TestBrowser.resource + "/"], ["resource": TestBrowser.resource], TestBrowser.resource),
      (
        ["resource": "https://mcp.example.com/a"], ["resource": "https://mcp.example.com/a"],
        "https://mcp.example.com/a"
      ),
    ] as [([String: String?], [String: String?], String)])
  func theAudienceIsTheResource(
    asked: [String: String?], redeemed: [String: String?], audience: String
  ) throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let reply = browser.redeem(browser.code(client, asked), client, redeemed)
    #expect(try claims(reply.json["access_token"], browser, audience: audience)["aud"] == .string(audience))
  }

  @Test(
    arguments: [
      (["code": "unknown"], "invalid_grant"),
      (["code": nil], "invalid_request"),
      (["code_verifier": "another-verifier-that-is-at-least-43-characters"], "invalid_grant"),
      (["code_verifier": TestBrowser.challenge], "invalid_grant"),
      (["code_verifier": nil], "invalid_grant"),
      (["redirect_uri": nil], "invalid_grant"),
      (["redirect_uri": "http://127.0.0.1:7778/callback"], "invalid_grant"),
      (["resource": "https://mcp.example.com"], "invalid_target"),
      (["resource": "https://other.example"], "invalid_target"),
      (["client_id": "nobody"], "invalid_client"),
      (["client_id": nil], "invalid_request"),
      (["client_secret": "x"], "invalid_client"),
      (["grant_type": nil], "invalid_request"),
      (["grant_type": "password"], "unsupported_grant_type"),
      (["grant_type": "client_credentials"], "unsupported_grant_type"),
    ] as [([String: String?], String)])
  func refusesToRedeem(changes: [String: String?], code: String) throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let reply = browser.redeem(browser.code(client), client, changes)
    #expect(reply.status == 400)
    #expect(reply.json["error"] == .string(code))
    #expect(reply.json["access_token"] == nil)
  }

  @Test func aCodeIsForItsClient() throws {
    let browser = try TestBrowser()
    let code = browser.code(browser.register())
    #expect(browser.redeem(code, browser.register()).json["error"] == "invalid_grant")
  }

  @Test func aCodeLastsAMinute() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let code = browser.code(client)
    browser.now += 60
    #expect(browser.redeem(code, client).json["error"] == "invalid_grant")
  }

  @Test func aFailedAttemptSpendsTheCode() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let code = browser.code(client)
    _ = browser.redeem(code, client, ["code_verifier": nil])
    #expect(browser.redeem(code, client).json["error"] == "invalid_grant")
  }

  /// RFC 6749 §4.1.2: the tokens of a code that is used twice are revoked.
  @Test func aReplayedCodeEndsTheGrant() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let code = browser.code(client, ["scope": "openid"])
    let tokens = browser.redeem(code, client).json
    #expect(browser.redeem(code, client).json["error"] == "invalid_grant")
    let refresh = tokens["refresh_token"]?.stringValue ?? ""
    #expect(browser.refresh(refresh, client).json["error"] == "invalid_grant")
    let access = tokens["access_token"]?.stringValue ?? ""
    #expect(browser.get("/userinfo", fields: [("authorization", "Bearer \(access)")]).status == 401)
  }

  @Test func refreshTokensRotate() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    var token = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    for _ in 0..<3 {
      browser.now += 400
      let reply = browser.refresh(token, client, ["resource": TestBrowser.resource])
      #expect(reply.status == 200)
      #expect(try claims(reply.json["access_token"], browser)["sub"] == "alice")
      let next = reply.json["refresh_token"]?.stringValue ?? ""
      #expect(next != token)
      token = next
    }
  }

  /// RFC 9700 §4.14.2.
  @Test func aReusedRefreshTokenEndsTheFamily() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let first = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    let second = browser.refresh(first, client).json["refresh_token"]?.stringValue ?? ""
    #expect(browser.refresh(first, client).json["error"] == "invalid_grant")
    #expect(browser.refresh(second, client).json["error"] == "invalid_grant")
  }

  @Test func anotherGrantOutlivesTheReuse() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let spent = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    let other = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    _ = browser.refresh(spent, client)
    _ = browser.refresh(spent, client)
    #expect(browser.refresh(other, client).status == 200)
  }

  @Test(
    arguments: [
      (["refresh_token": nil], "invalid_request"),
      (["refresh_token": "unknown"], "invalid_grant"),
      (["scope": "mcp:tools mcp:admin"], "invalid_scope"),
      (["scope": "unknown"], "invalid_scope"),
      (["resource": "https://mcp.example.com"], "invalid_target"),
      (["client_id": "nobody"], "invalid_client"),
    ] as [([String: String?], String)])
  func refusesToRefresh(changes: [String: String?], code: String) throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let token = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    #expect(browser.refresh(token, client, changes).json["error"] == .string(code))
    #expect(browser.refresh(token, client).status == 200)
  }

  @Test func aRefreshTokenIsForItsClient() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let token = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    #expect(browser.refresh(token, browser.register()).json["error"] == "invalid_grant")
  }

  @Test func aRefreshMayNarrowTheScope() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let code = browser.code(client, ["scope": "mcp:tools mcp:admin"])
    let token = browser.redeem(code, client).json["refresh_token"]?.stringValue ?? ""
    let narrow = browser.refresh(token, client, ["scope": "mcp:tools"]).json
    #expect(narrow["scope"] == "mcp:tools")
    let next = narrow["refresh_token"]?.stringValue ?? ""
    #expect(browser.refresh(next, client).json["scope"] == "mcp:tools mcp:admin")
  }

  @Test func aGrantLastsEightHours() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let token = browser.redeem(browser.code(client), client).json["refresh_token"]?.stringValue ?? ""
    browser.now += 8 * 3600
    #expect(browser.refresh(token, client).json["error"] == "invalid_grant")
  }

  @Test func onlyClientsThatRegisteredForItGetRefreshTokens() throws {
    let browser = try TestBrowser()
    let client = browser.register(["grant_types": ["authorization_code"]])
    let code = browser.code(client, ["scope": "mcp:tools offline_access"])
    #expect(browser.redeem(code, client).json["refresh_token"] == nil)
  }

  @Test func onlyWhatWasAskedForIsGranted() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    #expect(browser.redeem(browser.code(client, ["scope": nil]), client).json["scope"] == "mcp:tools")
    #expect(
      browser.redeem(browser.code(client, ["scope": "email unknown"]), client).json["scope"] == "email")
  }

  /// GW-48: the gateway must be able to tell an ID token from an access token.
  @Test func anIdentityTokenIsNoAccessToken() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let reply = browser.redeem(browser.code(client, ["scope": "openid", "nonce": "n-1"]), client)
    let claims = try part(1, of: reply.json["id_token"])
    #expect(claims["aud"] == .string(client))
    #expect(claims["nonce"] == "n-1")
    #expect(claims["sub"] == "alice")
    #expect(claims["auth_time"] == .integer(browser.now))
    let access = Array((reply.json["access_token"]?.stringValue ?? "").utf8)
    #expect(claims["at_hash"] == .string(Base64URL.encode(Digest.sha256(access).prefix(16))))
    if case .verified = try judge(reply.json["id_token"], browser, audience: client) {
      Issue.record("the gateway took an ID token for an access token")
    }
  }

  @Test func clientsDoNotAuthenticate() throws {
    let browser = try TestBrowser()
    let reply = browser.send(
      "POST", "/token",
      fields: [("authorization", "Basic eDp5"), ("content-type", "application/x-www-form-urlencoded")],
      body: "grant_type=authorization_code")
    #expect(reply.status == 401)
    #expect(reply.field("www-authenticate")?.hasPrefix("Basic ") == true)
    #expect(reply.json["error"] == "invalid_client")
  }

  @Test(arguments: [
    ("application/json", "{}"),
    ("application/x-www-form-urlencoded", "client_id=a&client_id=b"),
    ("application/x-www-form-urlencoded", "client_id=%zz"),
  ])
  func refusesBodiesThatAreNoForms(type: String, body: String) throws {
    let reply = try TestBrowser().send("POST", "/token", fields: [("content-type", type)], body: body)
    #expect(reply.status == 400)
    #expect(reply.json["error"] == "invalid_request")
  }
}
