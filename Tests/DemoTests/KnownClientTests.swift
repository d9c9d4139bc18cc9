import Bytes
import Demo
import JSON
import Testing
import Web

/// A provider that registers nobody, and the one client that it knows.
@Suite struct KnownClientTests {
  private static let id = "the:gateway"
  private static let secret = "p%ss w+rd:ü"
  private static let redirect = "http://127.0.0.1:7777/oauth/callback"

  private static func browser() throws -> TestBrowser {
    try TestBrowser(
      client: KnownClient(id: id, secret: secret, name: "The gateway", redirectURI: try RedirectURI(redirect)))
  }

  private static func base64(_ text: String) -> String {
    let digits = Base64URL.encode(Array(text.utf8)).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return String(digits) + String(repeating: "=", count: (3 - text.utf8.count % 3) % 3)
  }

  /// As RFC 6749 §2.3.1 wants it: both encoded like a form.
  private static let basic =
    "Basic "
    + base64(
      ["id": id, "secret": secret].sorted { $0.key < $1.key }
        .map { TestBrowser.encoded([$0.key: $0.value]).split(separator: "=")[1] }.joined(separator: ":"))

  private static func code(_ browser: TestBrowser) -> String {
    browser.code(id, ["redirect_uri": redirect, "scope": "mcp:tools offline_access"])
  }

  @Test func nobodyRegisters() throws {
    let browser = try Self.browser()
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
      let metadata = browser.get(path).json
      #expect(metadata["registration_endpoint"] == nil)
      #expect(metadata["token_endpoint_auth_methods_supported"] == ["client_secret_basic"])
      #expect(metadata["issuer"] == .string(TestBrowser.issuer))
    }
    for method in ["GET", "POST", "OPTIONS"] { #expect(browser.send(method, "/register").status == 404) }
    #expect(browser.register().isEmpty)
  }

  @Test func theKnownClientGetsTokensAndRefreshesThem() throws {
    let browser = try Self.browser()
    let code = Self.code(browser)
    browser.authorization = Self.basic
    let reply = browser.redeem(code, Self.id, ["redirect_uri": Self.redirect, "client_id": nil])
    #expect(reply.status == 200)
    #expect(reply.json["scope"] == "mcp:tools offline_access")
    let refresh = try #require(reply.json["refresh_token"]?.stringValue)
    #expect(browser.refresh(refresh, Self.id).status == 200)
  }

  @Test func theUserIsToldThatItIsKnown() throws {
    let browser = try Self.browser()
    let page = browser.signIn(on: browser.authorize(Self.id, ["redirect_uri": Self.redirect]))
    #expect(page.text.contains("<strong>The gateway</strong> asks to"))
    #expect(page.text.contains("An administrator has registered this application"))
    #expect(!page.text.contains("Nobody has verified"))
  }

  /// Other ports of loopback, too: providers of this kind compare byte by byte.
  @Test(arguments: [
    "http://127.0.0.1:7778/oauth/callback", "http://127.0.0.1:7777/callback", "http://localhost:7777/oauth/callback",
    "http://127.0.0.1:7777/oauth/callback?a=b", "https://evil.example/oauth/callback",
  ])
  func oneRedirectURIOnly(uri: String) throws {
    let reply = try Self.browser().authorize(Self.id, ["redirect_uri": uri])
    #expect(reply.status == 400)
    #expect(reply.field("location") == nil)
  }

  @Test func otherClientsDoNotExist() throws {
    let reply = try Self.browser().authorize("client-of-somebody", ["redirect_uri": Self.redirect])
    #expect(reply.status == 400)
    #expect(reply.text.contains("not registered"))
  }

  @Test(
    arguments: [
      nil, "", "Basic", "Basic ", "Basic !", "Basic a-_=", "Bearer x", "Basic \(base64("the:gateway:wrong"))",
      "Basic \(base64("the%3Agateway"))", "Basic \(base64("the%3Agateway:"))", "Basic \(base64("the%3Agateway:wrong"))",
      "Basic \(base64("nobody:p%25ss+w%2Brd%3A%C3%BC"))", "Basic \(base64("the%3Agateway:%zz"))",
      "Basic \(base64("the%3Agateway&secret=x:p%25ss+w%2Brd%3A%C3%BC"))", "Basic \(base64(""))",
    ] as [String?])
  func withoutItsSecretItGetsNothing(field: String?) throws {
    let browser = try Self.browser()
    let code = Self.code(browser)
    browser.authorization = field
    let reply = browser.redeem(code, Self.id, ["redirect_uri": Self.redirect])
    #expect(reply.status == 401)
    #expect(reply.json["error"] == "invalid_client")
    #expect(reply.field("www-authenticate")?.hasPrefix("Basic ") == true)
    // Nothing was spent by it.
    browser.authorization = "basic " + Self.basic.dropFirst(6)
    #expect(browser.redeem(code, Self.id, ["redirect_uri": Self.redirect]).status == 200)
  }

  @Test(
    arguments: [["client_id": "another"], ["client_secret": secret]] as [[String: String]])
  func authenticatesInOneWay(changes: [String: String]) throws {
    let browser = try Self.browser()
    let code = Self.code(browser)
    browser.authorization = Self.basic
    let more: [String: String?] = changes.merging(["redirect_uri": Self.redirect]) { $1 }
    #expect(browser.redeem(code, Self.id, more).json["error"] == "invalid_request")
  }

  @Test func theSecretInTheFormIsNotEnough() throws {
    let browser = try Self.browser()
    let reply = browser.redeem(
      Self.code(browser), Self.id, ["redirect_uri": Self.redirect, "client_secret": Self.secret])
    #expect(reply.json["error"] == "invalid_client")
  }
}
