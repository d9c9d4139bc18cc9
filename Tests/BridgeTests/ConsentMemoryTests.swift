import Testing
import Web

@testable import Bridge

@Suite struct ConsentMemoryTests {
  private typealias Clients = BridgeBench.Clients
  private let bench: BridgeBench
  private let browser: BridgeBrowser

  init() throws {
    bench = try BridgeBench()
    browser = BridgeBrowser(bench)
  }

  private let provider = "https://idp.example/authorize"

  @Test func theSameIsNotAskedAgain() throws {
    _ = try browser.approve()
    bench.now += 30 * 86_400 - 1
    let reply = try browser.authorize(Clients.web, ["state": "other", "code_challenge": BridgeBench.challenge])
    #expect(reply.target == provider)
    #expect(try browser.comeBack(from: reply, with: [("code", "c")]).redirected("state") == "other")
    #expect(try browser.authorize(Clients.web, ["prompt": "none"]).redirected("prompt") == "none")
    #expect(try browser.authorize(Clients.web, ["prompt": "login"]).redirected("prompt") == "login")
    bench.now += 1
    #expect(try browser.authorize().status == 200)
  }

  @Test(arguments: [["scope": "mcp:tools mcp:admin"], ["scope": nil], ["prompt": "consent"]] as [[String: String?]])
  func somethingElseIsAskedAnew(changes: [String: String?]) throws {
    _ = try browser.approve()
    #expect(try browser.authorize(Clients.web, changes).status == 200)
  }

  @Test func theOrderOfScopesSaysNothing() throws {
    _ = try browser.approve(Clients.web, ["scope": "mcp:tools mcp:admin"])
    #expect(try browser.authorize(Clients.web, ["scope": "mcp:admin mcp:tools"]).target == provider)
  }

  /// Any program can listen on loopback or claim a scheme (RFC 8252 §8.6).
  @Test(arguments: [Clients.desktop, Clients.installed, Clients.entered])
  private func installedApplicationsAreAskedAboutEachTime(client: BridgeClient) throws {
    _ = try browser.approve(client)
    #expect(browser.cookies["__Host-portcullis-corporate-consent"] == nil)
    #expect(try browser.authorize(client).status == 200)
    #expect(try browser.authorize(client, ["prompt": "none"]).redirected("error") == "consent_required")
  }

  @Test func anotherClientIsAskedAbout() throws {
    let other = BridgeBench.Clients.client(
      "sealed-other", "Claude", ["https://claude.example/callback"], .registered)
    let browser = BridgeBrowser(try BridgeBench(clients: [Clients.web, other]))
    _ = try browser.approve()
    #expect(try browser.authorize(other).status == 200)
    _ = try browser.approve(other)
    #expect(try browser.authorize(Clients.web).target == provider)
    #expect(try browser.authorize(other).target == provider)
  }

  @Test func anotherBrowserIsAsked() throws {
    _ = try browser.approve()
    #expect(try BridgeBrowser(bench).authorize().status == 200)
  }

  @Test(arguments: ["", "x", "AAAA"])
  func aForgedMemoryIsNone(cookie: String) throws {
    browser.set("__Host-portcullis-corporate-consent", cookie)
    #expect(try browser.authorize().status == 200)
    #expect(try browser.approve().target == provider)
    #expect(try browser.authorize().target == provider)
  }

  @Test func aDeniedRequestIsNotRemembered() throws {
    _ = try browser.press("deny", on: try browser.authorize())
    #expect(try browser.authorize().status == 200)
  }

  @Test func nothingIsRememberedWhereTheOperatorSaysSo() throws {
    let browser = BridgeBrowser(try BridgeBench { $0.consentLifetime = 0 })
    _ = try browser.approve()
    #expect(browser.cookies["__Host-portcullis-corporate-consent"] == nil)
    #expect(try browser.authorize().status == 200)
  }

  /// A shorter time counts for what was approved before, too.
  @Test func aShorterLifetime() throws {
    _ = try browser.approve()
    let bench = try BridgeBench { $0.consentLifetime = 60 }
    let later = BridgeBrowser(bench)
    for (name, value) in browser.cookies { later.set(name, value) }
    #expect(try later.authorize().target == provider)
    bench.now += 60
    #expect(try later.authorize().status == 200)
  }

  @Test func theOldestMakeRoomAndTheCookieFits() throws {
    let clients = (0..<50).map { BridgeBench.Clients.client("c\($0)", nil, ["https://c\($0).example/"], .registered) }
    let browser = BridgeBrowser(try BridgeBench(clients: clients))
    for client in clients { _ = try browser.approve(client) }
    let cookie = try #require(browser.cookies["__Host-portcullis-corporate-consent"])
    #expect(cookie.utf8.count < 4000)
    #expect(try browser.authorize(clients[10]).target == provider)
    #expect(try browser.authorize(clients[9]).status == 200)
  }
}
