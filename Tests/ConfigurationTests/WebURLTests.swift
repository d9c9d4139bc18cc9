import Configuration
import Testing

struct WebURLTests {
  @Test(arguments: [
    ("https://mcp.example.com", "mcp.example.com", 443, "", "mcp.example.com", "https://mcp.example.com"),
    ("http://a:80/x", "a", 80, "/x", "a", "http://a"),
    ("https://a:80/x/", "a", 80, "/x/", "a:80", "https://a:80"),
    ("http://[::1]:8080/", "::1", 8080, "/", "[::1]:8080", "http://[::1]:8080"),
    ("http://[2001:db8::1]", "2001:db8::1", 80, "", "[2001:db8::1]", "http://[2001:db8::1]"),
    ("http://my_service/a%2Fb", "my_service", 80, "/a%2Fb", "my_service", "http://my_service"),
  ])
  func parses(text: String, host: String, port: Int, path: String, authority: String, origin: String) throws {
    let url = try #require(WebURL(text))
    #expect(url.host == host)
    #expect(url.port == port)
    #expect(url.path == path)
    #expect(url.authority == authority)
    #expect(url.origin == origin)
    #expect(WebURL(url.description) == url)
  }

  @Test(arguments: [
    "", "mcp.example.com", "//a", "ftp://a", "http:/a", "http://", "http:///a", "HTTP://a", "http://A",
    "http://a@b",
    "http://a:b@c", "http://a:0", "http://a:65536", "http://a:", "http://a:080", "http://a:+80",
    "http://a:8 0",
    "http://::1", "http://[::1", "http://[::1]a", "http://[1.2.3.4]", "http://[fe80::1%eth0]", "http://a..b",
    "http://a.", "http://.a", "http://-a", "http://a-", "http://1.2.3", "http://1.2.3.256", "http://a.1",
    "http://a b", "http://ä.example", "http://a%41", "http://a/?", "http://a?b", "http://a#b", "http://a/#",
    "http://a/ b", "http://a/%", "http://a/%4", "http://a/%zz", "http://a/ä", "http://a/[b]", "http://a/\"",
    "http://a\\b",
    "http://\(String(repeating: "a", count: 64))", " http://a", "http://a\n",
  ])
  func refuses(text: String) {
    #expect(WebURL(text) == nil)
  }

  @Test(arguments: [
    ("http://localhost", true), ("http://a.localhost", true), ("http://127.0.0.1", true),
    ("http://127.255.0.9", true),
    ("http://[::1]", true), ("http://[0:0:0:0:0:0:0:1]", true), ("http://128.0.0.1", false),
    ("http://localhost.example.com", false), ("http://127.0.0.1.example.com", false), ("http://[::2]", false),
    ("http://[::]", false), ("http://0.0.0.0", false),
  ])
  func knowsLoopback(text: String, isLoopback: Bool) throws {
    #expect(try #require(WebURL(text)).isLoopback == isLoopback)
  }
}
