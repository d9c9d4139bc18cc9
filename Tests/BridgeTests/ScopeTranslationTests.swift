import Testing

@testable import Bridge

@Suite struct ScopeTranslationTests {
  private let route = BridgeBench.Routes.route(
    "tools", "https://mcp.example.com/mcp", ["mcp:tools", "mcp:admin", "mcp:read"], ["mcp:admin": "Admin.All"])

  @Test(arguments: [
    (["mcp:tools"], ["mcp:tools"]),
    (["mcp:admin"], ["Admin.All"]),
    (["mcp:tools", "openid", "offline_access"], ["mcp:tools", "openid", "offline_access"]),
    (["mcp:tools", "mcp:tools"], ["mcp:tools"]),
    ([], []),
  ])
  func withoutPrefix(scopes: [String], expected: [String]) {
    #expect(ScopeTranslation(route).toProvider(scopes) == expected)
  }

  @Test(arguments: [
    (["mcp:tools"], ["api://x/mcp:tools"]),
    // What is mapped is the provider's name as it is.
    (["mcp:admin"], ["Admin.All"]),
    (["Admin.All"], ["Admin.All"]),
    (["api://x/mcp:tools", "mcp:tools"], ["api://x/mcp:tools"]),
    (
      ["openid", "profile", "email", "address", "phone", "offline_access"],
      ["openid", "profile", "email", "address", "phone", "offline_access"]
    ),
  ])
  func withPrefix(scopes: [String], expected: [String]) {
    #expect(ScopeTranslation(route, prefix: "api://x/").toProvider(scopes) == expected)
  }

  @Test func whatIsAskedForBesidesAndNever() {
    let translation = ScopeTranslation(
      route, prefix: "p/", extra: ["openid", "p/more"], dropped: ["offline_access", "p/mcp:read"])
    #expect(translation.toProvider(["mcp:tools", "offline_access"]) == ["p/mcp:tools", "openid", "p/more"])
    #expect(translation.toProvider(["openid", "mcp:read"]) == ["openid", "p/more"])
  }

  @Test(arguments: [
    (["api://x/mcp:tools"], ["mcp:tools"], ["mcp:tools"]),
    (["mcp:tools"], ["mcp:tools"], ["mcp:tools"]),
    (["Admin.All", "openid"], ["mcp:admin", "openid"], ["mcp:admin", "openid"]),
    // Granted without having been asked for.
    (["Admin.All", "api://x/mcp:read", "api://x/other", "other"], ["mcp:tools"], ["mcp:admin", "mcp:read", "other"]),
    // Only the gateway has asked for it.
    (["api://x/mcp:tools", "extra"], ["mcp:tools"], ["mcp:tools"]),
    (["api://x/mcp:tools", "extra"], ["mcp:tools", "extra"], ["mcp:tools", "extra"]),
  ])
  func back(granted: [String], asked: [String], expected: [String]) {
    let translation = ScopeTranslation(route, prefix: "api://x/", extra: ["extra"])
    #expect(translation.toClient(granted, asked: asked) == expected)
  }

  @Test(arguments: [
    (["api://x/mcp:tools", "Admin.All"], []),
    // By the short name, as some products answer.
    (["mcp:tools", "mcp:admin"], []),
    (["api://x/mcp:tools"], ["mcp:admin"]),
    (["openid"], ["mcp:tools", "mcp:admin"]),
    ([], ["mcp:tools", "mcp:admin"]),
  ])
  func withheld(granted: [String], expected: [String]) {
    let translation = ScopeTranslation(route, prefix: "api://x/", dropped: ["mcp:read"])
    let asked = ["mcp:tools", "mcp:admin", "mcp:read", "openid", "offline_access"]
    #expect(translation.withheld(asked, granted: granted) == expected)
  }

  @Test func nothingIsWithheldThatHasAnotherNameInAnswers() {
    let names = ["a": "api://x/.default", "b": "email"]
    let route = BridgeBench.Routes.route("x", "https://x.example/x", ["a", "b"], names)
    #expect(ScopeTranslation(route).withheld(["a", "b"], granted: ["api://x/a", "openid"]) == [])
  }

  @Test func twoScopesWithOneNameAreToldApartByWhatWasAskedFor() {
    let route = BridgeBench.Routes.route("x", "https://x.example/x", ["a", "b"], ["a": "all", "b": "all"])
    let translation = ScopeTranslation(route)
    #expect(translation.toProvider(["a", "b"]) == ["all"])
    #expect(translation.toClient(["all"], asked: ["b"]) == ["b"])
    #expect(translation.toClient(["all"], asked: ["a", "b"]) == ["a", "b"])
  }
}
