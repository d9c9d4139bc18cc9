import Bytes
import JOSE
import Testing
import Web

@testable import Bridge

@Suite struct AuthorizationEndpointTests {
  private typealias Clients = BridgeBench.Clients
  private let browser: BridgeBrowser

  init() throws { browser = BridgeBrowser(try BridgeBench()) }

  // MARK: Before anybody can be trusted

  @Test(
    arguments: [
      (["client_id": nil], "bridge_request_unreadable"),
      (["client_id": ""], "bridge_request_unreadable"),
      (["client_id": "nobody"], "bridge_client_unknown"),
      (["redirect_uri": "https://evil.example/callback"], "bridge_redirect_mismatch"),
      (["redirect_uri": "https://claude.example/callback/"], "bridge_redirect_mismatch"),
      (["redirect_uri": "https://claude.example/callback?x=1"], "bridge_redirect_mismatch"),
      (["redirect_uri": "https://CLAUDE.example/callback"], "bridge_redirect_mismatch"),
      (["redirect_uri": "https://claude.example@evil.example/callback"], "bridge_redirect_mismatch"),
      (["redirect_uri": "https://claude.example/callback#x"], "bridge_redirect_mismatch"),
      (["redirect_uri": "https://claude.example/callback\r\nset-cookie: x=1"], "bridge_redirect_mismatch"),
      (["redirect_uri": "javascript:alert(1)"], "bridge_redirect_mismatch"),
      (["redirect_uri": "http://127.0.0.1:1/callback"], "bridge_redirect_mismatch"),
    ] as [([String: String?], String)])
  func nobodyIsSentAnywhere(changes: [String: String?], reason: String) throws {
    let reply = try browser.authorize(Clients.web, changes)
    #expect(reply.status == 400)
    #expect(reply.field("location") == nil)
    #expect(reply.field("content-type") == "text/html; charset=utf-8")
    #expect(reply.field("cache-control") == "no-store")
    #expect(reply.why == reason)
    #expect(!reply.text.contains("evil.example"))
  }

  @Test(arguments: ["client_id", "redirect_uri"])
  func twoValuesOfWhatMustBeTrusted(name: String) throws {
    let query = FormParameters.query(BridgeBrowser.parameters(Clients.web, [:]))
    let reply = try browser.get("/oauth/authorize", "\(query)&\(name)=https%3A%2F%2Fevil.example")
    #expect(reply.status == 400 && reply.field("location") == nil)
  }

  @Test(arguments: ["client_id=%ff", String(repeating: "a=1&", count: 70)])
  func unreadableQueries(query: String) throws {
    let reply = try browser.get("/oauth/authorize", query)
    #expect(reply.status == 400 && reply.why == "bridge_request_unreadable")
  }

  @Test func onlyGET() throws {
    #expect(try browser.post("/oauth/authorize", []).status == 405)
  }

  /// RFC 8252 §7.3, and the same for `localhost`, which clients register without a port.
  @Test(arguments: [
    ("http://127.0.0.1:49152/callback", true), ("http://localhost:1/callback", true),
    ("http://[::1]:49152/callback", false), ("http://127.0.0.1:49152/other", false),
    ("https://127.0.0.1:49152/callback", false), ("http://localhost.evil.example:1/callback", false),
  ])
  func anyPortOfLoopback(redirect: String, isGood: Bool) throws {
    let reply = try browser.authorize(Clients.desktop, ["redirect_uri": redirect])
    #expect((reply.status == 200) == isGood)
    if isGood { #expect(try browser.press("deny", on: reply).target == redirect) }
  }

  @Test func aRedirectURIMayBeLeftOutWhenThereIsOneWithoutAPortToLearn() throws {
    #expect(try browser.authorize(Clients.web, ["redirect_uri": nil]).status == 200)
    #expect(try browser.authorize(Clients.installed, ["redirect_uri": nil]).status == 200)
    #expect(try browser.authorize(Clients.desktop, ["redirect_uri": nil]).status == 400)
    #expect(try browser.authorize(Clients.entered, ["redirect_uri": nil]).status == 400)
  }

  // MARK: What the client is told

  @Test(
    arguments: [
      (["response_type": nil], "invalid_request"),
      (["response_type": "token"], "unsupported_response_type"),
      (["response_mode": "fragment"], "invalid_request"),
      (["response_mode": "form_post"], "invalid_request"),
      (["code_challenge": nil], "invalid_request"),
      (["code_challenge": "short"], "invalid_request"),
      (["code_challenge": String(repeating: "=", count: 43)], "invalid_request"),
      (["code_challenge_method": "plain"], "invalid_request"),
      (["code_challenge_method": nil], "invalid_request"),
      (["request": "x"], "request_not_supported"),
      (["request_uri": "https://x.example"], "request_uri_not_supported"),
      (["resource": "https://evil.example"], "invalid_target"),
      (["scope": String(repeating: "s", count: 2049)], "invalid_request"),
      (["prompt": "none login"], "invalid_request"),
      (["login_hint": String(repeating: "u", count: 513)], "invalid_request"),
      (["prompt": "none"], "consent_required"),
    ] as [([String: String?], String)])
  func theClientIsTold(changes: [String: String?], error: String) throws {
    let reply = try browser.authorize(Clients.entered, changes)
    #expect(reply.target == "http://localhost/oauth/callback")
    #expect(reply.redirected("error") == error)
    #expect(reply.redirected("error_description")?.isEmpty == false)
    #expect(reply.redirected("state") == "s")
    #expect(reply.redirected("iss") == BridgeBench.issuer)
    #expect(reply.redirected("code") == nil)
    #expect(reply.why == (error == "consent_required" ? "bridge_consent_required" : "bridge_authorization_refused"))
    #expect(reply.detail?.contains("client kiro") == true)
    try theUserIsAskedFirst(changes, as: reply)
  }

  /// Whoever has introduced himself from the web could have anybody sent to him (RFC 9700 §4.11.2).
  private func theUserIsAskedFirst(_ changes: [String: String?], as told: LocalReply) throws {
    let page = try browser.authorize(Clients.web, changes)
    #expect(page.status == 400 && page.target == nil)
    #expect(page.why == told.why)
    #expect(page.detail == told.detail?.replacing("client kiro", with: "client https://claude.example/client"))
    #expect(page.field("cache-control") == "no-store" && page.field("referrer-policy") == "no-referrer")
    #expect(page.text.contains("<strong>claude.example</strong>"))
    let parameters = try #require(told.field("location")?.split(separator: "?", maxSplits: 1).last)
    let link = "https://claude.example/callback?\(parameters.replacing("&", with: "&amp;"))"
    #expect(page.text.contains("<a href=\"\(link)\">"))
  }

  @Test(arguments: [Clients.desktop, Clients.installed, Clients.entered])
  private func whoIsOnTheDeviceIsToldAtOnce(client: BridgeClient) throws {
    #expect(try browser.authorize(client, ["response_type": nil]).redirected("error") == "invalid_request")
  }

  @Test func whomTheOperatorHasEnteredIsToldAtOnce() throws {
    let client = BridgeBench.Clients.client("web", "Web", ["https://web.example/callback"], .configured)
    let browser = BridgeBrowser(try BridgeBench(clients: [client]))
    #expect(try browser.authorize(client, ["prompt": "none"]).redirected("error") == "consent_required")
  }

  @Test func aStateThatCannotBeGivenBack() throws {
    let long = try browser.authorize(Clients.entered, ["state": String(repeating: "x", count: 2049)])
    #expect(long.redirected("error") == "invalid_request" && long.redirected("state") == nil)
    let query = FormParameters.query(BridgeBrowser.parameters(Clients.entered, [:]))
    let repeated = try browser.get("/oauth/authorize", query + "&state=other")
    #expect(repeated.redirected("error") == "invalid_request" && repeated.redirected("state") == nil)
  }

  @Test func longStatesFitACookieAndTooMuchIsRefused() throws {
    let state = String(repeating: "x", count: 1800)
    let redirect = try browser.approve(Clients.web, ["state": state])
    let cookie = try #require(browser.cookie(startingWith: "__Host-portcullis-corporate-request-"))
    #expect(cookie.name.utf8.count + cookie.value.utf8.count <= 4096)
    #expect(try browser.comeBack(from: redirect, with: [("code", "c")]).redirected("state") == state)
    let much = try browser.authorize(
      Clients.entered, ["state": String(repeating: "x", count: 2048), "login_hint": String(repeating: "u", count: 512)])
    #expect(much.redirected("error") == "invalid_request")
  }

  @Test(arguments: [
    "a b&c=d", "x\r\nset-cookie: a=b", "ü\u{0}", "</script>", "https://x.example/?a=b%20c", "\"\\",
  ])
  func anyStateComesBackAsItWas(state: String) throws {
    let denied = try browser.press("deny", on: try browser.authorize(Clients.web, ["state": state]))
    #expect(denied.redirected("state") == state)
    let location = try #require(denied.field("location"))
    #expect(location.utf8.allSatisfy { 0x21...0x7E ~= $0 })
    let code = try browser.comeBack(
      from: try browser.approve(Clients.web, ["state": state]), with: [("code", "c")])
    #expect(code.redirected("state") == state)
  }

  @Test func noStateNoState() throws {
    let reply = try browser.press("deny", on: try browser.authorize(Clients.web, ["state": nil]))
    #expect(reply.redirected("state") == nil && reply.redirected("error") == "access_denied")
  }

  /// Kiro sends redirect URI and resource as they are; others repeat themselves.
  @Test func queriesInTheField() throws {
    let query =
      "response_type=code&client_id=kiro&redirect_uri=http://localhost:3128/oauth/callback&state=100%&resource="
      + "https://mcp.example.com/mcp&code_challenge=\(BridgeBench.challenge)&code_challenge_method=S256"
      + "&client_id=kiro&resource=https://mcp.example.com/mcp/"
    let reply = try browser.get("/oauth/authorize", query)
    #expect(reply.status == 200)
    #expect(try browser.press("deny", on: reply).redirected("state") == "100%")
  }

  // MARK: What the provider is asked

  @Test func theProviderIsAskedAsTheGateway() throws {
    let reply = try browser.approve()
    #expect(reply.status == 303)
    #expect(reply.target == "https://idp.example/authorize")
    #expect(reply.redirected("client_id") == "gateway")
    #expect(reply.redirected("redirect_uri") == "https://mcp.example.com/oauth/callback")
    #expect(reply.redirected("response_type") == "code")
    #expect(reply.redirected("scope") == "mcp:tools")
    #expect(reply.redirected("code_challenge_method") == "S256")
    #expect(reply.redirected("code_challenge") != BridgeBench.challenge)
    #expect(reply.redirected("state")?.utf8.count == 22)
    for name in ["nonce", "resource", "audience", "prompt", "login_hint"] { #expect(reply.redirected(name) == nil) }
    #expect(reply.field("referrer-policy") == "no-referrer" && reply.field("cache-control") == "no-store")
  }

  @Test func everyProviderInItsOwnWay() throws {
    let bench = try BridgeBench {
      $0.provider.authorizationEndpoint = "https://idp.example/authorize?tenant=1"
      $0.provider.scopePrefix = "api://x/"
      $0.provider.extraScopes = ["openid"]
      $0.provider.droppedScopes = ["offline_access"]
      $0.provider.resource = "https://api"
      $0.provider.audience = "https://audience"
      $0.provider.authorizationParameters = [("access_type", "offline"), ("prompt", "consent"), ("state", "x")]
    }
    let reply = try BridgeBrowser(bench).approve(
      Clients.web, ["scope": "mcp:admin offline_access", "login_hint": "ü@x.example", "prompt": "select_account"])
    #expect(reply.field("location")?.hasPrefix("https://idp.example/authorize?tenant=1&response_type=code&") == true)
    #expect(reply.redirected("scope") == "api://x/mcp:admin openid")
    #expect(reply.redirected("nonce")?.utf8.count == 22)
    #expect(reply.redirected("resource") == "https://api")
    #expect(reply.redirected("audience") == "https://audience")
    #expect(reply.redirected("access_type") == "offline")
    #expect(reply.redirected("prompt") == "consent select_account")
    #expect(reply.redirected("login_hint") == "ü@x.example")
    #expect(reply.redirected("state")?.utf8.count == 22)
  }

  @Test(arguments: [
    ("mcp:tools", "mcp:tools"),
    ("mcp:admin mcp:tools openid", "mcp:admin mcp:tools openid"),
    ("mcp:tools unknown wiki:read", "mcp:tools"),
    ("unknown", "mcp:tools mcp:admin"),
    ("openid offline_access", "mcp:tools mcp:admin openid offline_access"),
    ("", "mcp:tools mcp:admin"),
    ("mcp:tools  mcp:tools", "mcp:tools"),
  ])
  func scopesAreThoseOfTheRoute(asked: String, expected: String) throws {
    #expect(try browser.approve(Clients.web, ["scope": asked]).redirected("scope") == expected)
  }

  @Test func scopesInTheProvidersWordsAreTheSame() throws {
    let browser = BridgeBrowser(
      try BridgeBench {
        $0.provider.scopePrefix = "api://x/"
        $0.routes[0].providerScopes = ["mcp:admin": "Admin.All"]
      })
    let page = try browser.authorize(Clients.web, ["scope": "api://x/mcp:tools Admin.All"])
    #expect(page.text.contains("<code>mcp:tools</code>") && page.text.contains("<code>mcp:admin</code>"))
    #expect(try browser.press("allow", on: page).redirected("scope") == "api://x/mcp:tools Admin.All")
  }

  @Test func severalRoutes() throws {
    let browser = BridgeBrowser(try BridgeBench(routes: [BridgeBench.Routes.tools, BridgeBench.Routes.wiki]))
    let wiki = try browser.approve(Clients.web, ["resource": "https://mcp.example.com/wiki", "scope": nil])
    #expect(wiki.redirected("scope") == "wiki:read")
    #expect(try browser.authorize(Clients.entered, ["resource": nil]).redirected("error") == "invalid_target")
    #expect(
      try browser.authorize(Clients.entered, ["resource": "https://mcp.example.com"]).redirected("error")
        == "invalid_target")
  }
}
