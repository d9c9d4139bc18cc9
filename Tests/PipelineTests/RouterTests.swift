import Bytes
import HTTP
import Pipeline
import Testing

struct RouterTests {
  private func route(_ path: String, host: String? = nil, isPrefix: Bool = true) -> Route {
    Route(
      name: (host ?? "") + path, authority: host, path: path, isPrefix: isPrefix, RequestPath(local: []))
  }

  private func find(_ router: Router, _ path: String, host: String? = "any") -> String? {
    let head = RequestHead()
    head.set("GET", path, authority: host)
    return router.route(for: head).map { String(decoding: $0.name, as: UTF8.self) }
  }

  @Test func theLongestPrefixThatEndsAtASlash() {
    let router = Router([route("/mcp"), route("/mcp/deep/er"), route("/other", isPrefix: false)])
    let table: [(String, String?)] = [
      ("/mcp", "/mcp"), ("/mcp/", "/mcp"), ("/mcp/x", "/mcp"), ("/mcp/deep", "/mcp"), ("/mcp/deep/er", "/mcp/deep/er"),
      ("/mcp/deep/er/x/y", "/mcp/deep/er"), ("/mcp/deep/err", "/mcp"), ("/mcpx", nil), ("/mc", nil), ("/", nil),
      ("/MCP", nil), ("/other", "/other"), ("/other/", nil), ("/other/x", nil), ("//mcp", nil), ("*", nil), ("", nil),
    ]
    for (path, expected) in table { #expect(find(router, path) == expected, "\(path)") }
  }

  @Test func aRootRouteTakesTheRest() {
    let router = Router([route("/"), route("/mcp"), route("/.well-known/x", isPrefix: false)])
    let table = [
      ("/", "/"), ("/a", "/"), ("/a/b/c", "/"), ("//", "/"), ("/mcp", "/mcp"), ("/mcp/a", "/mcp"), ("/mcpa", "/"),
      ("/.well-known/x", "/.well-known/x"), ("/.well-known/x/y", "/"),
    ]
    for (path, expected) in table { #expect(find(router, path) == expected, "\(path)") }
    #expect(find(router, "*") == nil)
    #expect(find(Router([route("/", isPrefix: false)]), "/a") == nil)
    #expect(find(Router([route("/", isPrefix: false)]), "/") == "/")
  }

  @Test func exactRoutesDoNotHideThePrefixAboveThem() {
    let router = Router([route("/a"), route("/a/b", isPrefix: false)])
    #expect(find(router, "/a/b") == "/a/b")
    #expect(find(router, "/a/b/c") == "/a")
  }

  @Test func hostsHaveTheirOwnPaths() {
    let router = Router([
      route("/mcp", host: "a.example"), route("/mcp", host: "b.example:8443"), route("/only-b", host: "b.example:8443"),
    ])
    #expect(find(router, "/mcp", host: "a.example") == "a.example/mcp")
    #expect(find(router, "/mcp", host: "A.Example") == "a.example/mcp")
    #expect(find(router, "/mcp", host: "b.example:8443") == "b.example:8443/mcp")
    #expect(find(router, "/only-b", host: "b.example:8443") == "b.example:8443/only-b")
    #expect(find(router, "/only-b", host: "a.example") == nil)
    // An unknown host, or none, is served like the first route's; a stage behind the challenge refuses it.
    for host in ["b.example", "c.example", "", nil] { #expect(find(router, "/mcp", host: host) == "a.example/mcp") }
  }

  @Test func withoutHostsEveryHostIsServed() {
    let router = Router([route("/mcp")])
    for host in ["a", "", nil] { #expect(find(router, "/mcp", host: host) == "/mcp") }
  }

  @Test func theFirstOfTwoEqualRoutesWins() {
    let first = Route(name: "first", authority: nil, path: "/a", isPrefix: true, RequestPath(local: []))
    let second = Route(name: "second", authority: nil, path: "/a", isPrefix: true, RequestPath(local: []))
    #expect(find(Router([first, second]), "/a") == "first")
  }

  @Test func noRoutesAtAll() { #expect(find(Router([]), "/") == nil) }

  @Test func fiveThousandRoutes() {
    let routes = (0..<5_000).map { route("/team-\($0 % 50)/server-\($0)") }
    let router = Router(routes)
    for number in 0..<5_000 {
      let path = "/team-\(number % 50)/server-\(number)"
      #expect(find(router, path) == path)
      #expect(find(router, path + "/tools/list") == path)
    }
    #expect(find(router, "/team-1/server-5001") == nil)
    #expect(find(router, "/team-1") == nil)
  }
}
