import Testing
@testable import Web

@Suite struct RedirectURITests {
  @Test(arguments: [
    "https://app.example.com/callback",
    "https://app.example.com",
    "https://app.example.com:8443/cb?tab=1",
    "https://[2001:db8::1]/cb",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:33418/",
    "http://[::1]:9/cb",
    "http://LOCALHOST:3000/cb",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "vscode://publisher.extension/cb",
    "com.example.app:/cb",
  ])
  func isAccepted(text: String) throws {
    #expect(try RedirectURI(text).text == text)
  }

  @Test(arguments: [
    "", "callback", "/callback", "//host/cb", ":/x", "1a:/x",
    "http://example.com/cb", "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/",
    "http://user@127.0.0.1/", "http://127.0.0.1:70000/", "http://127.0.0.1:/cb", "http://127.0.0.1:x/",
    "http:/127.0.0.1/", "http:127.0.0.1", "http://", "http://[::1", "http://[evil]/",
    "https:///cb", "https://user:password@example.com/", "https://example.com/#fragment",
    "https://exam ple.com/", "https://example.com\\@evil.example", "https://example.com/<x>",
    "https://bücher.example/",
    "https://example.com/\r\nset-cookie:x", "javascript:alert(1)", "JavaScript://x/%0aalert(1)",
    "javascript:/x",
    "data:text/html,x", "data:/x", "file:///etc/passwd", "vbscript:/x", "blob:/x", "about:/blank",
    "view-source:/x",
    "chrome-extension://x/cb", "search-ms:/x", "ms-msdt:/x", "ms-appinstaller:/x", "MS-OfficeCmd:/x",
    "ssh://-oProxyCommand=x/cb", "telnet://host/",
    "smb://evil.example/share", "ldaps://evil.example/", "shell:/x", "app:opaque", "ws://127.0.0.1/",
    "ftp://127.0.0.1/", "https://" + String(repeating: "a", count: 2048),
  ])
  func isRefused(text: String) {
    let error = #expect(throws: OAuthError.self) { try RedirectURI(text) }
    #expect(error?.code == "invalid_redirect_uri")
  }

  /// RFC 8252 §7.3: the port of a loopback address is chosen at run time; nothing else may differ.
  @Test(arguments: [
    ("http://127.0.0.1:5555/cb", "http://127.0.0.1/cb", true),
    ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true),
    ("http://[::1]:5555/cb?a=1", "http://[::1]:6666/cb?a=1", true),
    ("http://localhost:1/cb", "http://localhost:2/cb", true),
    ("http://localhost:1/cb", "http://127.0.0.1:1/cb", false),
    ("http://127.0.0.1:1/cb", "http://127.0.0.1:1/other", false),
    ("http://127.0.0.1:1/cb/", "http://127.0.0.1:1/cb", false),
    ("http://127.0.0.1:1/cb?x", "http://127.0.0.1:1/cb", false),
    ("https://a.example/cb", "https://a.example/cb", true),
    ("https://a.example:1/cb", "https://a.example/cb", false),
    ("https://A.example/cb", "https://a.example/cb", false),
    ("https://127.0.0.1:1/cb", "https://127.0.0.1:2/cb", false),
    ("app:/cb", "app:/cb", true),
    ("app:/cb", "other:/cb", false),
  ])
  func matches(given: String, registered: String, expected: Bool) throws {
    #expect(try RedirectURI(given).matches(RedirectURI(registered)) == expected)
  }

  @Test func showsWhereTheUserGoes() throws {
    #expect(try RedirectURI("https://app.example.com:8443/x").destination == "app.example.com:8443")
    #expect(try RedirectURI("cursor://x/y").destination == "cursor: (an application on this computer)")
  }

  @Test func addsParametersToThoseThereAre() throws {
    #expect(try RedirectURI("app:/cb").adding([("a", "1 2")]) == "app:/cb?a=1%202")
    #expect(try RedirectURI("app:/cb?x=y").adding([("a", "1")]) == "app:/cb?x=y&a=1")
  }
}
