import Testing
import Web

@testable import Bridge

@Suite struct ConsentPageTests {
  private typealias Clients = BridgeBench.Clients

  private func page(_ client: BridgeClient, _ changes: [String: String?] = [:]) throws -> LocalReply {
    try BridgeBrowser(try BridgeBench(clients: [client])).authorize(client, changes)
  }

  @Test func nothingRunsAndNobodyFramesIt() throws {
    let page = try page(Clients.web)
    let policy = try #require(page.field("content-security-policy"))
    #expect(policy.hasPrefix("default-src 'none'; style-src 'unsafe-inline'"))
    #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("script"))
    #expect(page.field("x-frame-options") == "DENY" && page.field("cache-control") == "no-store")
    // Under no-referrer the form's Origin would be null.
    #expect(page.field("referrer-policy") == "same-origin")
    #expect(!page.text.contains("<script"))
  }

  @Test func saysWhoAsksAndForWhat() throws {
    let text = try page(Clients.web, ["scope": "mcp:tools offline_access"]).text
    for part in [
      "Claude", "Published by <strong>claude.example</strong>", "<strong>claude.example</strong>", "The tools",
      "https://mcp.example.com/mcp", "<code>mcp:tools</code>", "Keep its access while you are away", "idp.example",
      "this browser remembers that for up to 30 days", "value=\"allow\"", "value=\"deny\"",
      "action=\"/oauth/consent\"", "mcp.example.com",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(!text.contains("Did you just start this yourself?"))
  }

  @Test(arguments: [
    (Clients.desktop, "An application on this computer (<code>127.0.0.1</code>)"),
    (Clients.installed, "An application on this device that opens <code>editor:</code> links"),
    (Clients.entered, "An application on this computer (<code>localhost</code>)"),
  ])
  private func applicationsOnThisDevice(client: BridgeClient, destination: String) throws {
    let text = try page(client).text
    #expect(text.contains(destination))
    #expect(text.contains("Did you just start this yourself?"))
    #expect(text.contains("You are asked each time"))
  }

  @Test(arguments: [
    (Clients.desktop, "It calls itself so; nobody has checked that."),
    (Clients.installed, "Nobody has checked who this is."),
    (Clients.entered, "Entered by whoever runs this gateway"),
  ])
  private func whoVouchesForIt(client: BridgeClient, words: String) throws {
    #expect(try page(client).text.contains(words))
  }

  /// Anybody can register a site of his own under the name of another.
  @Test func aSiteThatNobodyHasChecked() throws {
    let doubt = "Do you trust elsewhere.example?"
    let uri = "https://elsewhere.example/callback"
    #expect(try page(Clients.client("x", "Claude", [uri], .registered)).text.contains(doubt))
    #expect(try !page(Clients.client("x", "Claude", [uri], .configured)).text.contains(doubt))
  }

  @Test func namesAreText() throws {
    let client = BridgeBench.Clients.client(
      "x", "<img src=x onerror=alert(1)>\"'&", ["https://x.example/\u{27}"], .registered)
    let text = try page(client).text
    #expect(text.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"))
    #expect(!text.contains("<img"))
  }

  @Test func theRootIssuerHasItsFormAtTheRoot() throws {
    let bench = try BridgeBench {
      $0.issuer = "https://mcp.example.com"
      $0.path = ""
    }
    #expect(try BridgeBrowser(bench).authorize().text.contains("action=\"/consent\""))
  }
}
