import JOSE
import JSON
import Testing
import Web

@testable import Bridge

@Suite struct ConsentEndpointTests {
  private typealias Clients = BridgeBench.Clients
  private let bench: BridgeBench
  private let browser: BridgeBrowser

  init() throws {
    bench = try BridgeBench()
    browser = BridgeBrowser(bench)
  }

  // MARK: The answer

  @Test func denyGoesToTheClient() throws {
    let reply = try browser.press("deny", on: try browser.authorize())
    #expect(reply.status == 303 && reply.target == "https://claude.example/callback")
    #expect(reply.redirected("error") == "access_denied" && reply.redirected("iss") == BridgeBench.issuer)
    #expect(reply.why == "bridge_consent_denied")
    #expect(browser.cookie(startingWith: "__Host-portcullis-corporate-request-") == nil)
    #expect(browser.cookies["__Host-portcullis-corporate-consent"] == nil)
  }

  @Test func pressedTwiceItIsTheSameSignIn() throws {
    let page = try browser.authorize()
    let first = try browser.press("allow", on: page)
    let second = try browser.press("allow", on: page)
    for name in ["state", "code_challenge"] { #expect(first.redirected(name) == second.redirected(name)) }
    #expect(try browser.comeBack(from: first, with: [("code", "c")]).redirected("code") != nil)
  }

  @Test func twoTabsAreTwoSignIns() throws {
    let one = try browser.authorize(Clients.web, ["state": "one"])
    let two = try browser.authorize(Clients.desktop, ["state": "two"])
    let first = try browser.press("allow", on: one)
    let second = try browser.press("allow", on: two)
    let late = try browser.comeBack(from: second, with: [("code", "c2")])
    let early = try browser.comeBack(from: first, with: [("code", "c1")])
    #expect(late.redirected("state") == "two" && late.target == "http://127.0.0.1/callback")
    #expect(early.redirected("state") == "one" && early.target == "https://claude.example/callback")
  }

  // MARK: Cookies

  @Test func theCookiesAreThoseOfThisHostOnly() throws {
    let page = try browser.authorize()
    let allowed = try browser.press("allow", on: page)
    let cookies = page.all("set-cookie") + allowed.all("set-cookie")
    #expect(cookies.count == 3)
    for cookie in cookies {
      #expect(cookie.hasPrefix("__Host-portcullis-corporate-"))
      #expect(cookie.contains("; Path=/; HttpOnly; SameSite=Lax") && cookie.hasSuffix("; Secure"))
      #expect(!cookie.contains("Domain"))
    }
    #expect(!cookies[0].contains("Max-Age"))
    #expect(cookies[1].contains("-consent=") && cookies[1].contains("; Max-Age=2592000;"))
    #expect(cookies[2].contains("-request-") && cookies[2].contains("; Max-Age=600;"))
  }

  @Test func withoutHTTPSTheyAreNotSecure() throws {
    let browser = BridgeBrowser(try BridgeBench { $0.isSecure = false })
    let cookie = try #require(try browser.authorize().field("set-cookie"))
    #expect(cookie.hasPrefix("portcullis-corporate-browser=") && !cookie.contains("Secure"))
    #expect(try browser.approve().status == 303)
  }

  @Test func abandonedSignInsMakeRoom() throws {
    var redirects: [LocalReply] = []
    for _ in 0..<8 {
      bench.now += 1
      redirects.append(try browser.approve(Clients.desktop))
    }
    #expect(browser.cookies.keys.filter { $0.contains("-request-") }.count == 5)
    #expect(try browser.comeBack(from: redirects[7], with: [("code", "c")]).redirected("code") != nil)
    #expect(try browser.comeBack(from: redirects[3], with: [("code", "c")]).redirected("code") != nil)
    #expect(try browser.comeBack(from: redirects[2], with: [("code", "c")]).why == "bridge_callback_unknown")
  }

  @Test func whatCannotBeOpenedMakesRoomToo() throws {
    let name = "__Host-portcullis-corporate-request-AAAAAAAAAAAAAAAAAAAAAA"
    browser.set(name, "rubbish")
    _ = try browser.approve()
    #expect(browser.cookies[name] == nil)
  }

  // MARK: Attacks

  private func refusal(_ reply: LocalReply, _ reason: String, _ status: Int) {
    #expect(reply.status == status)
    #expect(reply.why == reason)
    #expect(reply.field("location") == nil && reply.field("set-cookie") == nil)
    #expect(reply.field("content-type") == "text/html; charset=utf-8")
  }

  @Test func aFormFromAnotherBrowser() throws {
    let page = try browser.authorize()
    let victim = BridgeBrowser(bench)
    refusal(try victim.press("allow", on: page), "bridge_form_other_browser", 403)
    _ = try victim.authorize()
    refusal(try victim.press("allow", on: page), "bridge_form_other_browser", 403)
  }

  @Test(
    arguments: [
      [("origin", "https://evil.example")], [("origin", "null")], [("origin", "http://mcp.example.com")],
      [("origin", "https://mcp.example.com:8443")], [("origin", "https://mcp.example.com.evil.example")],
      [("origin", "")], [("sec-fetch-site", "cross-site")], [("sec-fetch-site", "same-site")],
      [("sec-fetch-site", "none")], [("origin", "https://mcp.example.com"), ("sec-fetch-site", "cross-site")],
    ] as [[(String, String)]])
  func aFormFromAnotherPage(fields: [(String, String)]) throws {
    let page = try browser.authorize()
    let request = try #require(page.hidden("request"))
    let reply = try browser.post(
      "/oauth/consent", [("request", request), ("action", "allow")],
      [(name: "content-type", value: "application/x-www-form-urlencoded")] + fields.map { (name: $0.0, value: $0.1) })
    refusal(reply, "bridge_form_cross_site", 403)
  }

  /// Old browsers say nothing about where a form comes from.
  @Test(
    arguments: [
      [], [("origin", "https://mcp.example.com")], [("origin", "https://MCP.example.com:443")],
      [("sec-fetch-site", "same-origin")],
    ] as [[(String, String)]])
  func ourOwnForm(fields: [(String, String)]) throws {
    let request = try #require(try browser.authorize().hidden("request"))
    let reply = try browser.post(
      "/oauth/consent", [("request", request), ("action", "allow")],
      [(name: "content-type", value: "application/x-www-form-urlencoded; charset=UTF-8")]
        + fields.map { (name: $0.0, value: $0.1) })
    #expect(reply.target == "https://idp.example/authorize")
  }

  @Test func aForgedOrTruncatedRequest() throws {
    let page = try browser.authorize()
    let request = try #require(page.hidden("request"))
    let flipped = request.dropLast(8) + (request.suffix(8) == "AAAAAAAA" ? "BBBBBBBB" : "AAAAAAAA")
    for forged in [String(request.dropLast(4)), request + "AAAA", String(flipped), "x", "{}"] {
      let reply = try browser.post("/oauth/consent", [("request", forged), ("action", "allow")])
      refusal(reply, "bridge_form_refused", 400)
    }
  }

  /// What is sealed for something else, or by another bridge with the same keys, is no request.
  @Test func anotherSeal() throws {
    _ = try browser.approve()
    let signIn = try #require(browser.cookie(startingWith: "__Host-portcullis-corporate-request-"))
    refusal(
      try browser.post("/oauth/consent", [("request", signIn.value), ("action", "allow")]), "bridge_form_refused", 400)
    let other = BridgeBrowser(try BridgeBench { $0.issuer = "https://mcp.example.com/other" })
    let foreign = try #require(try other.authorize().hidden("request"))
    refusal(
      try browser.post("/oauth/consent", [("request", foreign), ("action", "allow")]), "bridge_form_refused", 400)
  }

  @Test func anExpiredPage() throws {
    let page = try browser.authorize()
    bench.now += 599
    #expect(try browser.press("deny", on: page).status == 303)
    bench.now += 1
    let reply = try browser.press("allow", on: page)
    refusal(reply, "bridge_form_expired", 400)
    #expect(reply.text.contains("Go back to the application and connect again."))
  }

  @Test func otherForms() throws {
    let request = try #require(try browser.authorize().hidden("request"))
    let good = [(name: "request", value: request), (name: "action", value: "allow")]
    let text = [(name: "content-type", value: "text/plain")]
    refusal(try browser.post("/oauth/consent", good, text), "bridge_form_refused", 400)
    refusal(try browser.post("/oauth/consent", good + good), "bridge_form_refused", 400)
    refusal(try browser.post("/oauth/consent", [good[0]]), "bridge_form_refused", 400)
    refusal(try browser.post("/oauth/consent", [good[0], ("action", "Allow")]), "bridge_form_refused", 400)
    refusal(try browser.post("/oauth/consent", [good[1]]), "bridge_form_refused", 400)
    refusal(
      try browser.post("/oauth/consent", good + [("x", String(repeating: "x", count: 20_000))]), "bridge_form_refused",
      400)
    #expect(try browser.get("/oauth/consent", nil).status == 405)
  }

  /// A route that this replica does not have.
  @Test func aLostRoute() throws {
    let page = try browser.authorize()
    let later = BridgeBrowser(try BridgeBench(routes: [BridgeBench.Routes.wiki]))
    for (name, value) in browser.cookies { later.set(name, value) }
    refusal(try later.press("allow", on: page), "bridge_form_refused", 400)
  }
}
