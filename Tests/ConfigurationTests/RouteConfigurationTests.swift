import Configuration
import Testing

struct RouteConfigurationTests {
  @Test func fillsInEveryDefault() throws {
    let route = try #require(Fixture.load(Fixture.minimal).configuration?.routes.first)
    #expect(route.name == "/mcp")
    #expect(route.path == "/mcp")
    #expect(route.publicURL.description == "https://mcp.example.com")
    #expect(route.location == "https://mcp.example.com/mcp")
    #expect(route.upstream.url.description == "http://127.0.0.1:8000/mcp")
    #expect(route.upstream.socket == nil)
    #expect(route.upstream.maxConnections == 256)
    #expect(route.upstream.maxWaiting == 1024)
    #expect(route.upstream.idleTimeout == .seconds(4))
    #expect(route.upstream.connectTimeout == .seconds(5))
    #expect(route.upstream.responseTimeout == .seconds(60))
    #expect(route.metadata?.resource == "https://mcp.example.com/mcp")
    #expect(route.metadata?.resourceName == nil)
    #expect(route.metadata?.resourceDocumentation == nil)
    #expect(route.metadata?.scopesSupported == [])
    #expect(route.identityHeaders.subject == "X-Portcullis-Subject")
    #expect(route.identityHeaders.client == "X-Portcullis-Client")
    #expect(route.identityHeaders.scopes == "X-Portcullis-Scopes")
    #expect(route.identityHeaders.issuer == "X-Portcullis-Issuer")
    #expect(route.allowedOrigins.isEmpty)
  }

  @Test func readsEveryValue() throws {
    let result = Fixture.load(
      """
      public_url: https://mcp.example.com
      routes:
        - name: team/tools_v1.0-a
          path: /
          public_url: http://localhost:8080
          upstream:
            url: http://backend.internal/a%20b
            socket: /run/mcp.sock
            max_connections: 1
            max_waiting: 0
            idle_timeout: 1s
            connect_timeout: 2s
            response_timeout: 3s
          authorization:
            discovery_url: http://localhost/.well-known/oauth-authorization-server
            allowed_clients: [c]
            allowed_scopes: [a]
          metadata:
            resource: http://localhost:8080
            resource_name: Werkzeuge für Zoë
            resource_documentation: https://docs.example.com/x?y
            scopes_supported: [b, c]
          identity_headers: {subject: X-User, client: off, scopes: X-Scopes, issuer: off}
          allowed_origins: ["https://app.example.com", "http://localhost:6274", "vscode-file://vscode-app"]
      """)
    #expect(result.diagnostics.isEmpty)
    let route = try #require(result.configuration?.routes.first)
    #expect(route.name == "team/tools_v1.0-a")
    #expect(route.path == "/")
    #expect(route.location == "http://localhost:8080")
    #expect(route.upstream.url.description == "http://backend.internal/a%20b")
    #expect(route.upstream.socket == "/run/mcp.sock")
    #expect(route.upstream.maxConnections == 1)
    #expect(route.upstream.maxWaiting == 0)
    #expect(route.upstream.idleTimeout == .seconds(1))
    #expect(route.upstream.connectTimeout == .seconds(2))
    #expect(route.upstream.responseTimeout == .seconds(3))
    #expect(route.metadata?.resource == "http://localhost:8080")
    #expect(route.metadata?.resourceName == "Werkzeuge für Zoë")
    #expect(route.metadata?.resourceDocumentation == "https://docs.example.com/x?y")
    #expect(route.metadata?.scopesSupported == ["b", "c"])
    #expect(route.identityHeaders.subject == "X-User")
    #expect(route.identityHeaders.client == nil)
    #expect(route.identityHeaders.scopes == "X-Scopes")
    #expect(route.identityHeaders.issuer == nil)
    #expect(
      route.allowedOrigins == [
        "https://app.example.com", "http://localhost:6274", "vscode-file://vscode-app",
      ])
  }

  static let breakages: [Breakage] = [
    Breakage("- path: /mcp", "- name: a", "3:5: error: routes[0].path: is missing"),
    Breakage("path: /mcp", "path: mcp", "3:11: error: routes[0].path: \"mcp\" is not an absolute path"),
    Breakage("path: /mcp", "path: /mcp/", "3:11: error: routes[0].path: the path ends in a slash"),
    Breakage(
      "path: /mcp", "path: /a/../b",
      "3:11: error: routes[0].path: the path has an empty segment, \".\" or \"..\""),
    Breakage(
      "path: /mcp", "path: //a", "3:11: error: routes[0].path: the path has an empty segment, \".\" or \"..\""
    ),
    Breakage(
      "path: /mcp", "path: /a%20b",
      "3:11: error: routes[0].path: \"/a%20b\" has characters that a route's path cannot have"),
    Breakage(
      "path: /mcp", "path: /a?b",
      "3:11: error: routes[0].path: \"/a?b\" has characters that a route's path cannot have"),
    Breakage(
      "path: /mcp", "path: /.well-known/x",
      "3:11: error: routes[0].path: /.well-known belongs to the gateway's own documents"),
    Breakage(
      "path: /mcp",
      "{path: /mcp, name: a b}".replacing("{", with: "").replacing("}", with: "")
        .replacing(", ", with: "\n    "),
      "4:11: error: routes[0].name: expected a name of letters, digits and _.-/, found \"a b\""),
    Breakage(
      "path: /mcp", "path: /mcp\n    public_url: https://other.example.com/x",
      "4:17: error: routes[0].public_url: a path cannot be part of the public URL"),
    Breakage(
      "    upstream:\n      url: http://127.0.0.1:8000/mcp\n", "",
      "3:5: error: routes[0].upstream: is missing"),
    Breakage(
      "    upstream:\n      url: http://127.0.0.1:8000/mcp\n", "    upstream: x\n",
      "4:15: error: routes[0].upstream: expected a mapping, found the value \"x\""),
    Breakage(
      "url: http://127.0.0.1:8000/mcp", "max_waiting: 0", "5:7: error: routes[0].upstream.url: is missing"),
    Breakage(
      "http://127.0.0.1:8000/mcp", "http://127.0.0.1:8000/mcp?a=b",
      "5:12: error: routes[0].upstream.url: a query or fragment cannot be part of this URL"),
    Breakage(
      "http://127.0.0.1:8000/mcp", "http://a:b@127.0.0.1:8000/mcp",
      "5:12: error: routes[0].upstream.url: user names and passwords cannot be part of it"),
    Breakage(
      "http://127.0.0.1:8000/mcp", "http://127.0.0.1:8000/mcp\n      socket: mcp.sock",
      "6:15: error: routes[0].upstream.socket: expected the absolute path of a socket, at most 107 bytes, "
        + "found \"mcp.sock\""),
    Breakage(
      "http://127.0.0.1:8000/mcp",
      "http://127.0.0.1:8000/mcp\n      max_connections: 0\n      idle_timeout: 4",
      "6:24: error: routes[0].upstream.max_connections: expected a whole number from 1 to 100000, found "
        + "\"0\"",
      "7:21: error: routes[0].upstream.idle_timeout: expected a duration from 1ms to 24h, found \"4\""),
    Breakage(
      adding: "    allowed_origins: [example.com, 'https://a/', 'https://a:443', 'HTTP://a', 'null']",
      "9:23: error: routes[0].allowed_origins[0]: \"example.com\" is not an origin in lower case",
      "9:36: error: routes[0].allowed_origins[1]: an origin ends after host and port",
      "9:50: error: routes[0].allowed_origins[2]: browsers leave the default port out of an origin",
      "9:67: error: routes[0].allowed_origins[3]: \"HTTP://a\" is not an origin in lower case",
      "9:79: error: routes[0].allowed_origins[4]: \"null\" is not an origin in lower case"),
    Breakage(
      adding: "    identity_headers: {subject: Authorization, client: a b, scopes: X-A, issuer: x-a}",
      "9:33: error: routes[0].identity_headers.subject: the header \"Authorization\" has a meaning of its "
        + "own",
      "9:56: error: routes[0].identity_headers.client: \"a b\" is not a header name",
      "9:82: error: routes[0].identity_headers.issuer: the header \"x-a\" is used twice"),
    Breakage(
      adding: "    identity_headers: {subject: Mcp-Session-Id, client: X-Portcullis-Subject}",
      "9:33: error: routes[0].identity_headers.subject: the header \"Mcp-Session-Id\" has a meaning of "
        + "its own"
    ),
    Breakage(
      adding:
        "    metadata: {resource: /mcp, resource_documentation: 'https://a#b', scopes_supported: ['a b']}",
      "9:26: error: routes[0].metadata.resource: expected an absolute URI without a fragment, found \"/mcp\"",
      "9:56: error: routes[0].metadata.resource_documentation: expected an absolute URI without a fragment, "
        + "found \"https://a#b\"",
      "9:90: error: routes[0].metadata.scopes_supported[0]: expected one scope without spaces, quotes or "
        + "backslashes, found \"a b\""),
    Breakage(
      adding: "    metadata: {resource_name: \"a\\nb\"}",
      "9:31: error: routes[0].metadata.resource_name: \"a\\u{a}b\" has a line break or an invisible character"
    ),
    Breakage(
      adding: "    metadata: {resource_name: ''}",
      "9:31: error: routes[0].metadata.resource_name: the value is empty"),
    Breakage(
      adding: "  - {path: /mcp, upstream: {url: 'http://a'}, authorization: none}",
      "9:12: error: routes[1].path: https://mcp.example.com/mcp is taken by a route above"),
    Breakage(
      adding: "  - {path: /b, name: /mcp, upstream: {url: 'http://a'}, authorization: none}",
      "9:22: error: routes[1].name: the name \"/mcp\" is taken by a route above"),
  ]

  @Test(arguments: breakages)
  func reportsFaults(breakage: Breakage) {
    let result = Fixture.load(breakage.text)
    #expect(Fixture.findings(result) == breakage.findings)
    #expect(result.configuration == nil)
  }

  @Test(arguments: [
    ("public_url: https://a.example\n", "1:1: error: routes: is missing"),
    ("public_url: https://a.example\nroutes: []\n", "2:9: error: routes: the list is empty"),
    ("public_url: https://a.example\nroutes: {}\n", "2:9: error: routes: expected a list, found a mapping"),
    (
      "public_url: https://a.example\nroutes:\n  - /mcp\n",
      "3:5: error: routes[0]: expected a mapping, found the value \"/mcp\""
    ),
  ])
  func needsAtLeastOneRoute(text: String, finding: String) {
    #expect(Fixture.findings(text) == [finding])
  }

  @Test func onePathMayServeTwoPublicURLs() {
    let text =
      Fixture.minimal
      + "  - {path: /mcp, name: b, public_url: 'https://b.example', "
      + "upstream: {url: 'http://a'}, authorization: none}\n"
    #expect(Fixture.load(text).diagnostics.isEmpty)
  }

  @Test func anOpenRouteHasToBeSpelledOut() throws {
    let text = """
      public_url: https://mcp.example.com
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000"}
          authorization: none
          metadata: {resource_name: Tools}
      """
    let result = Fixture.load(text)
    #expect(
      Fixture.findings(result) == [
        "6:15: warning: routes[0].metadata: metadata has no effect on a route without authorization"
      ])
    let route = try #require(result.configuration?.routes.first)
    #expect(route.authorization == .anonymous)
    #expect(route.metadata == nil)
    #expect(
      Fixture.findings(text.replacing("    authorization: none\n", with: "")) == [
        "3:5: error: routes[0].authorization: is missing"
      ])
    #expect(
      Fixture.findings(text.replacing("authorization: none", with: "authorization: open")) == [
        "5:20: error: routes[0].authorization: expected a mapping or a list of mappings, found the value \"open\""
      ])
  }

  @Test func doubtsMetadataThatClientsWouldRefuse() throws {
    let result = Fixture.load(
      Fixture.minimal + "    metadata: {resource: 'api://tools', scopes_supported: [mcp, offline_access]}\n")
    #expect(
      Fixture.findings(result) == [
        "9:26: warning: routes[0].metadata.resource: clients that follow RFC 9728 §3.3 refuse a resource "
          + "that "
          + "differs from the URL they use, https://mcp.example.com/mcp",
        "9:65: warning: routes[0].metadata.scopes_supported[1]: clients will be told to ask for "
          + "\"offline_access\", which is not a scope of a resource",
      ])
    let metadata = try #require(result.configuration?.routes.first?.metadata)
    #expect(metadata.resource == "api://tools")
    #expect(metadata.scopesSupported == ["mcp", "offline_access"])
  }

  // MARK: Several providers

  private static func several(_ entries: String...) -> String {
    Fixture.authorization(entries.map { "- {\($0)}" })
  }

  @Test func aListNamesSeveralProviders() throws {
    let result = Fixture.load(
      Self.several(
        "issuer: \"https://a.example\", allowed_audience: [a], allowed_scopes: [s, t]",
        "issuer: \"https://b.example\", allowed_clients: [b], allowed_scopes: [t, u], "
          + "advertised_scope_mapping: {u: v, t: s}"))
    #expect(Fixture.findings(result) == [])
    #expect(Fixture.providers(result).map(\.issuer) == ["https://a.example", "https://b.example"])
    // What any of them knows, each scope once.
    #expect(result.configuration?.routes.first?.metadata?.scopesSupported == ["s", "t", "v"])
    let expanded = try #require(result.configuration).expanded()
    #expect(expanded.contains("    authorization:\n      - provider: generic\n"))
    #expect(Fixture.load(expanded).configuration == result.configuration)
  }

  @Test func aListOfOneIsOneProvider() throws {
    let entry = "issuer: https://a.example, allowed_audience: [a]"
    let list = Fixture.load(Self.several(entry))
    let mapping = Fixture.load(Fixture.authorization(entry.split(separator: ", ").map(String.init)))
    #expect(Fixture.providers(list).count == 1)
    #expect(list.configuration == mapping.configuration)
  }

  private static let at = "routes[0].authorization"

  @Test(arguments: [
    (
      ["issuer: https://a, allowed_audience: [a]", "issuer: https://a, allowed_audience: [b]"],
      ["8:18: error: \(at)[1].issuer: https://a is the issuer of a provider above"]
    ),
    (
      ["provider: google, allowed_clients: [a]", "provider: google, allowed_clients: [b]"],
      [
        "7:20: warning: \(at)[0].provider: \(google)",
        "8:9: error: \(at)[1].issuer: https://accounts.google.com is the "
          + "issuer of a provider above", "8:20: warning: \(at)[1].provider: \(google)",
      ]
    ),
    // The rule of GW-46 is for each of them.
    (
      ["issuer: https://a, allowed_audience: [a]", "issuer: https://b, allowed_scopes: [s]"],
      ["8:9: error: \(at)[1]: any token of this provider would be accepted, whomever it was issued for"]
    ),
    (
      ["allowed_audience: [a]", "issuer: https://b, allowed_audience: b, isuer: c"],
      [
        "7:9: error: \(at)[0].discovery_url: is missing",
        "8:47: error: \(at)[1].allowed_audience: expected a list, found the value \"b\"",
        "8:50: error: \(at)[1].isuer: unknown key \"isuer\"",
      ]
    ),
    (
      [
        "issuer: https://a, allowed_audience: [a]",
        "issuer: https://b, allowed_audience: [b], certificate_bound_tokens: true",
      ],
      [
        "8:78: error: \(at)[1].certificate_bound_tokens: no listener asks clients for a certificate, so every request "
          + "would be refused"
      ]
    ),
  ])
  func faultsOfAListNameTheirEntry(entries: [String], findings: [String]) {
    let result = Fixture.load(Fixture.authorization(entries.map { "- {\($0)}" }))
    #expect(Fixture.findings(result) == findings)
    #expect(result.configuration == nil)
  }

  private static let google =
    "Google's access tokens are opaque and cannot be introspected, so none of them is accepted"

  @Test(arguments: [
    ("[]", "6:20: error: \(at): the list is empty"),
    ("[none]", "6:21: error: \(at)[0]: expected a mapping, found the value \"none\""),
    ("~", "6:20: error: \(at): expected a mapping or a list of mappings, found nothing"),
  ])
  func refusesWhatIsNoProvider(value: String, finding: String) {
    let text = Fixture.authorization([]).replacing("authorization:\n", with: "authorization: \(value)\n")
    #expect(Fixture.findings(text) == [finding])
  }
}
