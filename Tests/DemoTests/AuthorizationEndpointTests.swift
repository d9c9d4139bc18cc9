import Demo
import JSON
import Testing
import Web

@Suite struct AuthorizationEndpointTests {
  @Test func signInThenConsentThenBackToTheClient() throws {
    let browser = try TestBrowser()
    let client = browser.register(["client_name": "Editor"])
    let signIn = browser.authorize(client, ["scope": "mcp:tools openid"])
    #expect(signIn.status == 200)
    #expect(signIn.text.contains("<h1>Sign in</h1>"))
    #expect(signIn.text.contains("alice-demo") && signIn.text.contains("bob-demo"))
    let consent = browser.signIn(on: signIn)
    #expect(consent.status == 200)
    #expect(consent.text.contains("calls itself <strong>Editor</strong>"))
    #expect(consent.text.contains("<strong>127.0.0.1:7777</strong>"))
    #expect(consent.text.contains("Use the demo tools on your behalf"))
    #expect(consent.text.contains("Know who you are"))
    #expect(!consent.text.contains("administration"))
    #expect(consent.text.contains("Alice Example (alice)"))
    let back = browser.press("allow", on: consent)
    #expect(back.field("location")?.hasPrefix(TestBrowser.redirect + "?code=") == true)
    #expect(back.redirected["state"] == "the state")
    #expect(back.redirected["iss"] == TestBrowser.issuer)
  }

  /// RFC 9207: the issuer stands in error answers, too.
  @Test func denialGoesBackWithStateAndIssuer() throws {
    let browser = try TestBrowser()
    let client = browser.register(["redirect_uris": ["https://a.example/cb?tab=1"]])
    let page = browser.authorize(client, ["redirect_uri": "https://a.example/cb?tab=1"])
    let back = browser.press("deny", on: browser.signIn(on: page))
    #expect(back.redirected["error"] == "access_denied")
    #expect(back.redirected["state"] == "the state")
    #expect(back.redirected["iss"] == TestBrowser.issuer)
    #expect(back.redirected["tab"] == "1")
    #expect(back.redirected["code"] == nil)
    #expect(browser.press("allow", on: page).status == 400)
  }

  @Test(
    arguments: [
      (["client_id": "nobody"], "not registered"),
      (["client_id": nil], "not registered"),
      (["redirect_uri": nil], "send you to"),
      (["redirect_uri": "http://127.0.0.1:7777/other"], "send you to"),
      (["redirect_uri": "https://evil.example/callback"], "send you to"),
      (["redirect_uri": "javascript:alert(1)"], "send you to"),
    ] as [([String: String?], String)])
  func neverRedirectsWhereItCannotTrust(changes: [String: String?], explanation: String) throws {
    let browser = try TestBrowser()
    let reply = browser.authorize(browser.register(), changes)
    #expect(reply.status == 400)
    #expect(reply.field("location") == nil)
    #expect(reply.text.contains(explanation))
  }

  @Test(
    arguments: [
      (["response_type": nil], "invalid_request"),
      (["response_type": "token"], "unsupported_response_type"),
      (["response_mode": "fragment"], "invalid_request"),
      (["code_challenge": nil], "invalid_request"),
      (["code_challenge": "short"], "invalid_request"),
      (["code_challenge_method": nil], "invalid_request"),
      (["code_challenge_method": "plain"], "invalid_request"),
      (["resource": "https://other.example/mcp"], "invalid_target"),
      (["scope": "nothing known"], "invalid_scope"),
      (["request": "x.y.z"], "request_not_supported"),
      (["request_uri": "https://a.example/"], "request_uri_not_supported"),
      (["prompt": "none"], "login_required"),
      (["prompt": "none login"], "invalid_request"),
    ] as [([String: String?], String)])
  func tellsTheClientWhatIsWrong(changes: [String: String?], code: String) throws {
    let browser = try TestBrowser()
    let reply = browser.authorize(browser.register(), changes)
    #expect(reply.field("location")?.hasPrefix(TestBrowser.redirect + "?") == true)
    #expect(reply.redirected["error"] == code)
    #expect(reply.redirected["state"] == "the state")
    #expect(reply.redirected["iss"] == TestBrowser.issuer)
  }

  @Test func repeatedParametersAreRefused() throws {
    let browser = try TestBrowser()
    let query = TestBrowser.encoded(browser.parameters(browser.register())) + "&scope=mcp:admin"
    #expect(browser.send("GET", "/authorize", query: query).redirected["error"] == "invalid_request")
  }

  @Test func brokenEncodingIsRefused() throws {
    #expect(try TestBrowser().send("GET", "/authorize", query: "client_id=%zz").status == 400)
  }

  /// RFC 8252 §7.3.
  @Test func loopbackPortsMayDiffer() throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register(), ["redirect_uri": "http://127.0.0.1:50123/callback"])
    let back = browser.press("allow", on: browser.signIn(on: page))
    #expect(back.field("location")?.hasPrefix("http://127.0.0.1:50123/callback?code=") == true)
  }

  @Test func foreignTextIsEscapedOnEveryPage() throws {
    let browser = try TestBrowser()
    let script = "<script>alert(1)</script>\"'"
    let client = browser.register(["client_name": .string(script)])
    let page = browser.authorize(client, ["state": script, "nonce": script])
    let pages = [
      page, browser.press("sign_in", on: page, ["username": script, "password": script]),
      browser.signIn(on: page),
    ]
    for page in pages {
      #expect(page.status == 200)
      #expect(!page.text.contains("<script"))
    }
    #expect(pages[2].text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"))
    let back = browser.press("allow", on: pages[2])
    #expect(back.redirected["state"] == script)
    #expect(back.field("location")?.contains("<") == false)
  }

  @Test func clientsWithoutNameAreCalledSo() throws {
    let browser = try TestBrowser()
    #expect(browser.signIn(on: browser.authorize(browser.register())).text.contains("without a name"))
  }

  @Test func cookiesAreOutOfReachOfScripts() throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register())
    let cookies = page.all("set-cookie") + browser.signIn(on: page).all("set-cookie")
    #expect(cookies.count == 2)
    for cookie in cookies { #expect(cookie.hasSuffix("; Path=/authorize; HttpOnly; SameSite=Lax")) }
  }

  @Test func aSignedInUserOnlyConsents() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    #expect(!browser.code(client).isEmpty)
    let page = browser.authorize(client)
    #expect(page.text.contains("Allow access?"))
    #expect(page.field("set-cookie") == nil)
    #expect(browser.press("allow", on: page).redirected["code"] != nil)
    #expect(browser.authorize(client, ["prompt": "none"]).redirected["error"] == "consent_required")
    #expect(browser.authorize(client, ["prompt": "consent"]).text.contains("Allow access?"))
    #expect(browser.authorize(client, ["prompt": "login"]).text.contains("Sign in"))
    browser.now += 8 * 3600
    #expect(browser.authorize(client).text.contains("Sign in"))
  }

  @Test func anotherUserMaySignInInstead() throws {
    let browser = try TestBrowser()
    let consent = browser.signIn(on: browser.authorize(browser.register()))
    let signIn = browser.press("switch_user", on: consent)
    #expect(signIn.text.contains("<h1>Sign in</h1>"))
    #expect(browser.press("allow", on: consent).status == 403)
    #expect(browser.signIn(on: signIn, as: "bob").text.contains("Bob Example"))
  }

  @Test(arguments: [
    ("alice", "bob-demo"), ("alice", ""), ("", "alice-demo"), ("Alice", "alice-demo"), ("eve", "x"),
  ])
  func wrongPasswordsGetTheFormAgain(user: String, password: String) throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register())
    let again = browser.press("sign_in", on: page, ["username": user, "password": password])
    #expect(again.text.contains("role=\"alert\""))
    #expect(again.field("set-cookie") == nil)
    #expect(browser.press("allow", on: again).status == 403)
    #expect(browser.signIn(on: again).text.contains("Allow access?"))
  }

  @Test func fiveWrongPasswordsEndTheTransaction() throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register())
    for _ in 0..<4 { #expect(browser.press("sign_in", on: page).status == 200) }
    #expect(browser.press("sign_in", on: page).redirected["error"] == "access_denied")
    #expect(browser.signIn(on: page).status == 400)
  }

  @Test func consentWithoutSignInIsRefused() throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register())
    #expect(browser.press("allow", on: page).status == 403)
    #expect(browser.press("deny", on: page).status == 403)
    #expect(browser.press("nonsense", on: page).status == 403)
  }

  @Test(
    arguments: [["csrf_token": nil], ["csrf_token": ""], ["csrf_token": "guessed"]] as [[String: String?]])
  func formsFromElsewhereAreRefused(changes: [String: String?]) throws {
    let browser = try TestBrowser()
    let page = browser.signIn(on: browser.authorize(browser.register()))
    let reply = browser.press("allow", on: page, changes)
    #expect(reply.status == 403)
    #expect(reply.field("location") == nil)
    #expect(browser.press("allow", on: page).status == 303)
  }

  @Test func theTokenOfAnotherTransactionDoesNotFit() throws {
    let browser = try TestBrowser()
    let client = browser.register()
    let first = browser.signIn(on: browser.authorize(client))
    let second = browser.authorize(client)
    #expect(
      browser.press("allow", on: first, ["csrf_token": second.hiddenFields["csrf_token"]]).status == 403)
  }

  @Test func anotherBrowserCannotCarryOn() throws {
    let browser = try TestBrowser()
    let page = browser.signIn(on: browser.authorize(browser.register()))
    browser.cookies["portcullis_demo_browser"] = String(repeating: "x", count: 43)
    #expect(browser.press("allow", on: page).status == 403)
    browser.cookies = [:]
    #expect(browser.press("allow", on: page).status == 403)
  }

  @Test func aTransactionEndsAfterTenMinutes() throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register())
    browser.now += 600
    let reply = browser.signIn(on: page)
    #expect(reply.status == 400)
    #expect(reply.text.contains("has ended"))
  }

  @Test func aDecisionIsMadeOnce() throws {
    let browser = try TestBrowser()
    let page = browser.signIn(on: browser.authorize(browser.register()))
    #expect(browser.press("allow", on: page).status == 303)
    #expect(browser.press("allow", on: page).status == 400)
  }

  @Test func postsThatAreNotFormsAreRefused() throws {
    let browser = try TestBrowser()
    #expect(
      browser.send("POST", "/authorize", fields: [("content-type", "text/plain")], body: "a=1").status == 400)
    #expect(browser.post("/authorize", [:]).status == 400)
  }
}
