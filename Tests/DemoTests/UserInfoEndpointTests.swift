import Demo
import JSON
import Testing
import Web

@Suite struct UserInfoEndpointTests {
  private func token(_ browser: TestBrowser, _ scope: String) -> String {
    let client = browser.register()
    return browser.redeem(browser.code(client, ["scope": scope]), client).json["access_token"]?.stringValue
      ?? ""
  }

  private func ask(_ browser: TestBrowser, _ credentials: String) -> LocalReply {
    browser.get("/userinfo", fields: [("authorization", credentials)])
  }

  @Test(
    arguments: [
      ("openid", ["sub": "alice"]),
      ("openid profile", ["sub": "alice", "name": "Alice Example", "preferred_username": "alice"]),
      ("openid email", ["sub": "alice", "email": "alice@example.com", "email_verified": true]),
    ] as [(String, JSONValue)])
  func tellsWhatTheScopesAllow(scope: String, expected: JSONValue) throws {
    let browser = try TestBrowser()
    #expect(ask(browser, "Bearer \(token(browser, scope))").json == expected)
  }

  @Test func theSchemeMayBeWrittenInAnyCase() throws {
    let browser = try TestBrowser()
    #expect(ask(browser, "bearer \(token(browser, "openid"))").status == 200)
  }

  @Test func withoutTokenThereIsABareChallenge() throws {
    let reply = try TestBrowser().get("/userinfo")
    #expect(reply.status == 401)
    #expect(reply.field("www-authenticate") == "Bearer")
  }

  @Test(arguments: ["Bearer x", "Bearer", "Basic eDp5", ""])
  func refusesOtherCredentials(credentials: String) throws {
    let reply = try ask(TestBrowser(), credentials)
    #expect(reply.status == 401)
    #expect(reply.field("www-authenticate") == "Bearer error=\"invalid_token\"")
  }

  @Test func tokensExpire() throws {
    let browser = try TestBrowser()
    let token = token(browser, "openid")
    browser.now += 300
    #expect(ask(browser, "Bearer \(token)").status == 401)
  }

  @Test func tokensWithoutOpenIDAreNotEnough() throws {
    let browser = try TestBrowser()
    let reply = ask(browser, "Bearer \(token(browser, "mcp:tools profile"))")
    #expect(reply.status == 403)
    #expect(reply.field("www-authenticate") == "Bearer error=\"insufficient_scope\", scope=\"openid\"")
  }
}
