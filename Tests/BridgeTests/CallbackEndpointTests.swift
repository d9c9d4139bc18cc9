import Bytes
import JOSE
import Testing
import Web

@testable import Bridge

@Suite struct CallbackEndpointTests {
  private typealias Clients = BridgeBench.Clients
  private let bench: BridgeBench
  private let browser: BridgeBrowser

  init() throws {
    bench = try BridgeBench()
    browser = BridgeBrowser(bench)
  }

  private func page(_ reply: LocalReply, _ reason: String) {
    #expect(reply.status == 400)
    #expect(reply.field("location") == nil)
    #expect(reply.why == reason)
    #expect(reply.field("content-type") == "text/html; charset=utf-8")
    #expect(reply.field("cache-control") == "no-store")
  }

  @Test func theClientGetsACodeOfOurs() throws {
    let bench = try BridgeBench { $0.provider.extraScopes = ["openid"] }
    let browser = BridgeBrowser(bench)
    let redirect = try browser.approve(Clients.desktop, ["redirect_uri": "http://localhost:4711/callback"])
    let reply = try browser.comeBack(
      from: redirect, with: [("code", "the provider's"), ("iss", "https://idp.example")])
    #expect(reply.status == 303 && reply.target == "http://localhost:4711/callback")
    #expect(reply.redirected("state") == "s" && reply.redirected("iss") == BridgeBench.issuer)
    #expect(reply.redirected("error") == nil && reply.reason == nil)
    #expect(reply.field("cache-control") == "no-store" && reply.field("referrer-policy") == "no-referrer")
    let text = try #require(reply.redirected("code"))
    let code = try #require(AuthorizationCode(opening: text, with: bench.context.sealer, now: bench.now))
    #expect(code.providerCode == "the provider's")
    #expect(Base64URL.encode(Digest.sha256(Array(code.verifier.utf8))) == redirect.redirected("code_challenge"))
    #expect(code.nonce == redirect.redirected("nonce") && code.nonce != nil)
    #expect(code.clientDigest == Digest.sha256(Array("sealed-desktop".utf8)))
    #expect(code.shownClientID == "registered-sealed-desktop")
    #expect(code.redirectURI == "http://localhost:4711/callback")
    #expect(code.challenge == BridgeBench.challenge)
    #expect(code.resource == "https://mcp.example.com/mcp")
    #expect(code.scopes == ["mcp:tools"])
    #expect(AuthorizationCode(opening: text, with: bench.context.sealer, now: bench.now + 60) == nil)
  }

  @Test func whetherTheClientNamedItsRedirectURI() throws {
    for (named, isNamed) in [(Clients.web.redirectURIs[0].text, true), (nil, false)] {
      let browser = BridgeBrowser(bench)
      let redirect = try browser.approve(Clients.web, ["redirect_uri": named])
      let text = try browser.comeBack(from: redirect, with: [("code", "c")]).redirected("code")
      let code = try #require(AuthorizationCode(opening: text ?? "", with: bench.context.sealer, now: bench.now))
      #expect(code.redirectURI == Clients.web.redirectURIs[0].text)
      #expect(code.namesRedirectURI == isNamed)
    }
  }

  @Test func theCookieIsGoneAndAReloadSaysSo() throws {
    let redirect = try browser.approve()
    #expect(try browser.comeBack(from: redirect, with: [("code", "c")]).redirected("code") != nil)
    #expect(browser.cookie(startingWith: "__Host-portcullis-corporate-request-") == nil)
    let again = try browser.comeBack(from: redirect, with: [("code", "c")])
    page(again, "bridge_callback_unknown")
    #expect(again.text.contains("already finished"))
  }

  /// Somebody else's sign-in, finished in the victim's browser (RFC 9700 §4.7).
  @Test func theStateOfAnotherBrowser() throws {
    let redirect = try browser.approve()
    let victim = BridgeBrowser(bench)
    page(try victim.comeBack(from: redirect, with: [("code", "the attacker's")]), "bridge_callback_unknown")
    _ = try victim.approve()
    page(try victim.comeBack(from: redirect, with: [("code", "the attacker's")]), "bridge_callback_unknown")
  }

  @Test func theCookieOfAnotherSignIn() throws {
    let first = try browser.approve(Clients.web, ["state": "one"])
    let second = try browser.approve(Clients.desktop, ["state": "two"])
    let prefix = "__Host-portcullis-corporate-request-"
    let stolen = try #require(browser.cookies[prefix + (first.redirected("state") ?? "")])
    browser.set(prefix + (second.redirected("state") ?? ""), stolen)
    page(try browser.comeBack(from: second, with: [("code", "c")]), "bridge_callback_refused")
  }

  /// Without a click on our page there is no cookie, whatever is put into one.
  @Test func theFormIsNoCookie() throws {
    let sealed = try #require(try browser.authorize().hidden("request"))
    guard
      case .pending(let pending) = PendingAuthorization.open(sealed, as: .form, bench.context.sealer, now: bench.now)
    else { throw NotSealed() }
    browser.set("__Host-portcullis-corporate-request-\(pending.id)", sealed)
    page(
      try browser.get("/oauth/callback", FormParameters.query([("state", pending.id), ("code", "c")])),
      "bridge_callback_refused")
  }

  private struct NotSealed: Error {}

  @Test func tooLate() throws {
    let redirect = try browser.approve()
    bench.now += 600
    page(try browser.comeBack(from: redirect, with: [("code", "c")]), "bridge_callback_expired")
  }

  @Test(arguments: [
    nil, "", "code=c", "state=&code=c", "state=x&code=c", "state=AAAAAAAAAAAAAAAAAAAAAA%0D%0A&code=c", "state=%ff",
    "state=AAAAAAAAAAAAAAAAAAAAAA&state=BBBBBBBBBBBBBBBBBBBBBA&code=c",
  ])
  func noState(query: String?) throws {
    page(try browser.get("/oauth/callback", query), "bridge_callback_refused")
  }

  @Test func onlyGET() throws {
    #expect(try browser.post("/oauth/callback", []).status == 405)
  }

  @Test(
    arguments: [
      [("iss", "https://evil.example"), ("code", "c")], [("iss", "https://idp.example/"), ("code", "c")],
      [("iss", "https://evil.example"), ("error", "access_denied")],
    ] as [[(String, String)]])
  func anotherIssuer(answer: [(String, String)]) throws {
    let redirect = try browser.approve()
    page(
      try browser.comeBack(from: redirect, with: answer.map { (name: $0.0, value: $0.1) }),
      "bridge_callback_wrong_issuer")
  }

  @Test(
    arguments: [
      [], [("code", "a"), ("code", "b")], [("code", "a"), ("error", "access_denied")], [("code", "")],
      [("code", String(repeating: "c", count: 4097))], [("iss", "https://idp.example"), ("iss", "x"), ("code", "c")],
    ] as [[(String, String)]])
  func neitherCodeNorError(answer: [(String, String)]) throws {
    let redirect = try browser.approve()
    page(
      try browser.comeBack(from: redirect, with: answer.map { (name: $0.0, value: $0.1) }), "bridge_callback_refused")
  }

  @Test(arguments: [
    ("access_denied", "access_denied", "the user said no"),
    ("login_required", "login_required", "the user said no"),
    ("interaction_required", "interaction_required", "the user said no"),
    ("temporarily_unavailable", "temporarily_unavailable", "the user said no"),
    ("invalid_scope", "invalid_scope", "the user said no"),
    ("server_error", "server_error", "the identity provider says server_error: the user said no"),
    ("unauthorized_client", "server_error", "the identity provider says unauthorized_client: the user said no"),
    ("invalid_request", "server_error", "the identity provider says invalid_request: the user said no"),
    ("a\"b\\c\r\nd", "server_error", "the identity provider says abc  d: the user said no"),
  ])
  func errorsOfTheProvider(error: String, expected: String, description: String) throws {
    let redirect = try browser.approve()
    let reply = try browser.comeBack(
      from: redirect, with: [("error", error), ("error_description", "the \"user\" said\u{7}\\ nö\u{1F600}o")])
    #expect(reply.target == "https://claude.example/callback")
    #expect(reply.redirected("error") == expected)
    #expect(reply.redirected("error_description") == description)
    #expect(reply.redirected("state") == "s" && reply.redirected("iss") == BridgeBench.issuer)
    #expect(reply.redirected("code") == nil)
    #expect(reply.why == "bridge_provider_refused")
    #expect(browser.cookie(startingWith: "__Host-portcullis-corporate-request-") == nil)
  }

  @Test(arguments: ["access_denied", "server_error", String(repeating: "e", count: 300)])
  func longDescriptions(error: String) throws {
    let reply = try browser.comeBack(
      from: try browser.approve(),
      with: [("error", error), ("error_description", String(repeating: "x", count: 2000))])
    #expect(reply.redirected("error_description")?.utf8.count == 256)
  }

  @Test func nothingOfTheSecretsIsLogged() throws {
    let redirect = try browser.approve(Clients.web, ["state": "SECRET-state"])
    let state = try #require(redirect.redirected("state"))
    for answer in [[("error", "access_denied")], [("code", "SECRET-code"), ("iss", "x")]] {
      let reply = try browser.comeBack(from: redirect, with: answer.map { (name: $0.0, value: $0.1) })
      let detail = reply.detail ?? ""
      #expect(!detail.contains("SECRET") && !detail.contains(state))
    }
  }
}
