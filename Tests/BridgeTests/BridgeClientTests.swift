import Testing
import Web

@testable import Bridge

struct BridgeClientTests {
  private func client(_ uris: [String], name: String? = nil) throws -> BridgeClient {
    try BridgeClient(BridgeClientSettings.Entered(id: "kiro", name: name, redirectURIs: uris))
  }

  /// What is asked for, what is registered (RFC 6749 §3.1.2.3, RFC 8252 §7.3).
  @Test(arguments: [
    ("https://claude.ai/api/mcp/auth_callback", "https://claude.ai/api/mcp/auth_callback", true),
    ("https://claude.ai/api/mcp/auth_callback/", "https://claude.ai/api/mcp/auth_callback", false),
    ("https://claude.ai/api/mcp/auth_callback?x=1", "https://claude.ai/api/mcp/auth_callback", false),
    ("https://claude.ai:443/cb", "https://claude.ai/cb", false),
    ("https://CLAUDE.ai/cb", "https://claude.ai/cb", false),
    ("https://evil.example/cb", "https://claude.ai/cb", false),
    ("http://localhost:53682/callback", "http://localhost/callback", true),
    ("http://127.0.0.1:53682/callback", "http://127.0.0.1/callback", true),
    ("http://[::1]:53682/callback", "http://[::1]/callback", true),
    ("http://localhost/callback", "http://localhost:3334/callback", true),
    ("http://127.0.0.1:33419/", "http://127.0.0.1:33418/", true),
    ("http://localhost:1/callback", "http://127.0.0.1/callback", false),
    ("http://127.0.0.1:1/callback", "http://localhost/callback", false),
    ("http://[::1]:1/callback", "http://127.0.0.1/callback", false),
    ("http://[::1]:1/callback", "http://localhost/callback", false),
    ("http://127.0.0.2:1/callback", "http://127.0.0.1/callback", false),
    ("http://localhost:1/callback/x", "http://localhost/callback", false),
    ("http://localhost:1/callback?x=1", "http://localhost/callback", false),
    ("https://localhost:1/callback", "https://localhost/callback", false),
    ("http://localhost.evil.example:1/callback", "http://localhost/callback", false),
    ("http://localhost:1@evil.example/callback", "http://localhost/callback", false),
    ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback", true),
    ("cursor://other/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback", false),
    ("com.example.app:/cb", "com.example.app:/cb", true),
    ("COM.example.app:/cb", "com.example.app:/cb", false),
    ("javascript:/x", "https://claude.ai/cb", false), ("", "https://claude.ai/cb", false),
  ])
  func mayRedirect(_ asked: String, _ registered: String, _ expected: Bool) throws {
    #expect(try client([registered]).mayRedirect(to: asked) == expected)
    #expect(try client(["https://other.example/", registered]).mayRedirect(to: asked) == expected)
  }

  @Test func whatTheOperatorHasEntered() throws {
    let client = try client(["http://localhost/oauth/callback"], name: "Ki\u{202E}ro")
    #expect(client.id == "kiro")
    #expect(client.shownID == "kiro")
    #expect(client.name == "Kiro")
    #expect(client.kind == .configured)
    #expect(throws: OAuthError.self) { try self.client(["javascript:alert(1)"]) }
  }
}
