import Configuration
import Stages
import Testing

@testable import Gateway

struct RoutePlanTests {
  private func plan(
    _ publicURL: String, _ path: String = "/mcp", upstream: String = "http://127.0.0.1:9/up", _ more: String...,
    allowedHosts: [String] = []
  ) throws -> RoutePlan {
    let route = Sample.route(path, upstream: upstream) + more.map { "    \($0)\n" }.joined()
    let configuration = try TestGateway.configuration(Sample.gateway(publicURL, route))
    return RoutePlan(try #require(configuration.routes.first), allowedHosts: allowedHosts)
  }

  /// Every spelling a client may use for the same place, and no other.
  @Test(arguments: [
    ("https://mcp.example.com", ["mcp.example.com", "mcp.example.com:443"]),
    ("https://mcp.example.com:8443", ["mcp.example.com:8443"]),
    ("https://[2001:db8::1]", ["[2001:db8::1]", "[2001:db8::1]:443"]),
    (
      "http://localhost",
      [
        "localhost", "localhost:80", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80",
      ]
    ),
    ("http://127.0.0.1:8080", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"]),
    ("http://[::1]:8080", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"]),
    (
      "https://localhost:8443", ["localhost:8443", "127.0.0.1:8443", "[::1]:8443"]
    ),
  ])
  func hostsThatMeanIt(_ publicURL: String, _ hosts: [String]) throws {
    #expect(Set(try plan(publicURL).authorities) == Set(hosts))
    let more = try plan(publicURL, allowedHosts: ["inner.example", "10.0.0.1:8080"])
    #expect(Set(more.authorities) == Set(hosts + ["inner.example", "10.0.0.1:8080"]))
  }

  /// The same, seen by a client: 421 or not.
  @Test(arguments: [
    ("https://mcp.example.com", "mcp.example.com", true), ("https://mcp.example.com", "MCP.example.com:443", true),
    ("https://mcp.example.com", "mcp.example.com:80", false), ("https://mcp.example.com", "localhost", false),
    ("http://[::1]:8080", "localhost:8080", true), ("http://[::1]:8080", "localhost", false),
    ("http://[::1]:8080", "[::1]:8080", true), ("http://localhost:8080", "localhost:8081", false),
  ])
  func aRequestForAHost(_ publicURL: String, _ host: String, _ isServed: Bool) throws {
    let test = try TestLoop()
    let gateway = try TestGateway(test, Sample.gateway(publicURL, Sample.route("/mcp", Sample.anonymous)))
    #expect(try gateway.status("GET", "/mcp", host: host) == (isServed ? 502 : 421))
  }

  @Test(arguments: [
    ("/mcp", "https://mcp.example.com/mcp", "/.well-known/oauth-protected-resource/mcp"),
    ("/a/b", "https://mcp.example.com/a/b", "/.well-known/oauth-protected-resource/a/b"),
    ("/", "https://mcp.example.com", "/.well-known/oauth-protected-resource"),
  ])
  func urls(_ path: String, _ location: String, _ metadataPath: String) throws {
    let plan = try plan("https://mcp.example.com", path)
    #expect(plan.location == location)
    #expect(plan.metadataPath == metadataPath)
    #expect(plan.metadataURL == "https://mcp.example.com" + metadataPath)
    #expect(plan.authority == "mcp.example.com")
  }

  @Test func originsThatMayCall() throws {
    let origins = "allowed_origins: [\"https://app.example.com\", \"vscode-webview://x\"]"
    #expect(try plan("https://mcp.example.com:8443").origins == ["https://mcp.example.com:8443"])
    #expect(
      try plan("https://mcp.example.com", "/mcp", origins).origins == [
        "https://mcp.example.com", "https://app.example.com", "vscode-webview://x",
      ])
  }

  @Test func whatTheProxyGets() throws {
    let settings = try plan(
      "http://localhost:8080", "/mcp", upstream: "http://tools.internal:8000/api/mcp",
      "identity_headers: {subject: X-User, client: off}"
    ).proxySettings
    #expect(settings.routePath == "/mcp")
    #expect(settings.upstreamPath == "/api/mcp")
    #expect(settings.upstreamAuthority == "tools.internal:8000")
    #expect(settings.publicAuthority == "localhost:8080")
    #expect(settings.publicScheme == "http")
    #expect(settings.identityHeaders.subject == "X-User")
    #expect(settings.identityHeaders.client == nil)
    #expect(settings.identityHeaders.scopes == "X-Portcullis-Scopes")
    #expect(settings.identityHeaders.issuer == "X-Portcullis-Issuer")
    #expect(try plan("http://localhost", upstream: "http://127.0.0.1").proxySettings.upstreamPath == "/")
    #expect(try plan("http://localhost", upstream: "http://127.0.0.1").proxySettings.upstreamAuthority == "127.0.0.1")
  }
}
