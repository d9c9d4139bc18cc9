import JOSE
import Testing

struct HTTPTargetTests {
  @Test(arguments: [
    ("https://gw.example/mcp", "https://gw.example/mcp"), ("HTTPS://GW.Example/mcp", "https://gw.example/mcp"),
    ("https://gw.example:443/mcp", "https://gw.example/mcp"), ("http://gw.example:80/mcp", "http://gw.example/mcp"),
    ("https://gw.example:8443/mcp", "https://gw.example:8443/mcp"), ("https://gw.example", "https://gw.example/"),
    ("https://gw.example/mcp?a=b#c", "https://gw.example/mcp"), ("https://gw.example?x=/y", "https://gw.example/"),
    ("https://gw.example/a%2fb", "https://gw.example/a%2Fb"),
    ("https://gw.example/a%2Fbad", "https://gw.example/a%2Fbad"),
    ("https://gw.example/MCP", "https://gw.example/MCP"), ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"),
    ("http://gw.example:443/", "http://gw.example:443/"),
  ])
  func oneSpellingEach(_ url: String, _ normalized: String) { #expect(HTTPTarget.normalized(url) == normalized) }

  @Test(arguments: [
    "", "mcp", "/mcp", "ftp://gw.example/", "https:/gw.example", "https://", "https:///mcp", "https://u@gw.example/",
    "javascript://gw.example/",
  ])
  func othersAreNone(_ url: String) { #expect(HTTPTarget.normalized(url) == nil) }
}
