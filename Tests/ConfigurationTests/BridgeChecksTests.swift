import Configuration
import Testing

/// What bridges and routes show together.
struct BridgeChecksTests {
  private static let at = "routes[0].authorization"
  /// Of a route without a bridge.
  private static let guarded = "{issuer: \"https://idp.example\", allowed_audience: [a]}"
  private static let entry = ["issuer: https://idp.example", "allowed_audience: [a]"]
  private static let second = """
      - name: second
        client_id: b
        sealing_keys_file: /b.keys

    """

  private static func route(_ path: String, _ authorization: String) -> String {
    "  - path: \(path)\n    upstream: {url: \"http://a\"}\n    authorization: \(authorization)\n"
  }

  /// Another route before the bridges, in lines 10 to 12 below.
  private static func bridged(_ lines: [String] = [], route: String) -> String {
    Fixture.bridged(lines, authorization: entry).replacing("bridges:\n", with: "\(route)bridges:\n")
  }

  @Test func aNameIsUnique() {
    let text = Fixture.bridged() + Self.second.replacing("second", with: "corporate") + "    path: /second\n"
    #expect(
      Fixture.findings(text) == [
        "14:11: error: bridges[1].name: the name \"corporate\" is taken by a bridge above"
      ])
  }

  @Test func anUnusedBridgeIsAWarning() {
    #expect(
      Fixture.findings(Fixture.bridged() + Self.second + "    path: /second\n") == [
        "14:11: warning: bridges[1].name: no route uses this bridge"
      ])
  }

  @Test(arguments: [
    ("corprate", "Did you mean \"corporate\"?"), ("other", "The bridges here are: corporate."),
  ])
  func aBridgeThatIsNotThere(_ name: String, _ remedy: String) {
    let result = Fixture.load(Fixture.bridged().replacing("bridge: corporate", with: "bridge: \(name)"))
    #expect(
      Fixture.findings(result) == [
        "9:15: error: \(Self.at).bridge: there is no bridge of the name \"\(name)\"",
        "11:11: warning: bridges[0].name: no route uses this bridge",
      ])
    #expect(result.diagnostics.first?.remedy == remedy)
    let alone = Fixture.load(Fixture.minimal + "      bridge: \(name)\n")
    #expect(alone.diagnostics.map(\.remedy) == ["Add it to bridges, at the top level."])
  }

  /// Its server can show pages, and scripts in them, to a browser that is signed in.
  @Test(arguments: [
    ("", "none", true), ("", guarded, false),
    ("    public_url: https://tools.example\n", "none", false),
    ("    public_url: https://mcp.example.com\n", "none", true),
  ])
  func anOpenRouteOnTheSameOrigin(_ url: String, _ authorization: String, _ isWarnedOf: Bool) {
    let findings = Fixture.findings(Self.bridged(route: Self.route("/open", authorization) + url))
    #expect((findings.filter { $0.contains("answer the consent page") }.count == 1) == isWarnedOf, "\(findings)")
    #expect(findings.allSatisfy { $0.contains("warning: routes[1].authorization: this open route") }, "\(findings)")
  }

  /// One mistake is one finding.
  @Test func aFaultyBridgeIsThereAllTheSame() {
    #expect(Fixture.findings(Fixture.bridged(["path: a"])).count == 1)
    #expect(Fixture.findings(Fixture.bridged().replacing("path: /mcp", with: "path: mcp")).count == 1)
  }

  @Test func issuersAreUnique() {
    #expect(
      Fixture.findings(Fixture.bridged() + Self.second) == [
        "14:5: error: bridges[1].path: https://mcp.example.com/oauth is the issuer of the bridge \"corporate\"",
        "14:11: warning: bridges[1].name: no route uses this bridge",
      ])
    #expect(
      Fixture.findings(Fixture.bridged() + Self.second + "    public_url: https://b.example\n") == [
        "14:11: warning: bridges[1].name: no route uses this bridge"
      ])
  }

  @Test(arguments: [
    ("/oauth", "/oauth/authorize", "/oauth/authorize"), ("/oauth", "/oauth/token/a", "/oauth/token"),
    ("/", "/register", "/register"), ("/", "/consent/mcp", "/consent"), ("/a/b", "/a/b/callback", "/a/b/callback"),
    ("/", "/revoke", "/revoke"),
  ])
  func aRouteCannotBeWhereAnEndpointIs(_ bridge: String, _ route: String, _ endpoint: String) {
    let text = Self.bridged(["path: \(bridge)"], route: Self.route(route, Self.guarded))
    #expect(
      Fixture.findings(text) == [
        "10:11: error: routes[1].path: \(endpoint) is an endpoint of the bridge \"corporate\""
      ])
    #expect(
      Fixture.findings(
        Self.bridged(
          ["path: \(bridge)"], route: Self.route(route, Self.guarded) + "    public_url: https://b.example\n"))
        == [])
  }

  @Test(arguments: [
    ("/oauth", "/oauth"), ("/oauth", "/oauth/mcp"), ("/", "/tokens"), ("/oauth", "/token"), ("/oauth", "/authorize"),
  ])
  func aRouteMayBeElsewhere(_ bridge: String, _ route: String) {
    let other = Self.route(route, Self.guarded).replacing("authorization", with: "name: other\n    authorization")
    #expect(Fixture.findings(Self.bridged(["path: \(bridge)"], route: other)) == [])
    let root = Fixture.bridged(["path: \(bridge)"]).replacing("path: /mcp", with: "path: /")
    #expect(Fixture.findings(root) == [])
  }

  @Test func aBridgeCannotBeWhereAnEndpointOfAnotherIs() {
    #expect(
      Fixture.findings(Fixture.bridged(["path: /"]) + Self.second + "    path: /token/a\n") == [
        "15:11: warning: bridges[1].name: no route uses this bridge",
        "18:11: error: bridges[1].path: /token is an endpoint of the bridge \"corporate\"",
      ])
  }

  @Test(arguments: [
    ("issuer: \"https://b.example\"", "issuer"), ("issuer: \"https://idp.example\", provider: ping", "provider"),
    (
      "discovery_url: \"https://idp.example/.well-known/openid-configuration\"", "discovery_url"
    ),
    ("issuer: \"https://idp.example\", provider_ca: /ca.pem", "provider_ca"),
    ("issuer: \"https://idp.example\", provider_proxy: \"http://p:1\"", "provider_proxy"),
    ("issuer: \"https://idp.example\", allow_plaintext_provider: true", "allow_plaintext_provider"),
  ])
  func aBridgeLeadsToOneProvider(_ entry: String, _ key: String) {
    let entry = "{\(entry), allowed_audience: [a], bridge: corporate}"
    let findings = Fixture.findings(Self.bridged(route: Self.route("/b", entry)))
    #expect(
      findings.map { $0.drop { $0 != " " } } == [
        " error: routes[1].authorization.bridge: the bridge \"corporate\" leads to one provider, but \(key) is another "
          + "one here than in the route \"/mcp\""
      ])
  }

  @Test func routesOfOneProviderShareABridge() {
    let entry = "{issuer: \"https://idp.example\", allowed_audience: [b], allowed_scopes: [c], bridge: corporate}"
    #expect(Fixture.findings(Self.bridged(route: Self.route("/b", entry))) == [])
  }

  @Test func clientsAreToldOfTheBridge() throws {
    let entry =
      "[{issuer: \"https://b.example\", allowed_audience: [b]}, {issuer: \"https://idp.example\", "
      + "allowed_audience: [b], bridge: corporate}]"
    let configuration = try #require(Fixture.load(Self.bridged(route: Self.route("/b", entry))).configuration)
    guard case .token(let entries)? = configuration.routes.last?.authorization else { throw TextFileError(reason: "") }
    #expect(
      entries.map(configuration.authorizationServer) == ["https://b.example", "https://mcp.example.com/oauth"])
    let bridge = try #require(configuration.bridge(of: entries[1]))
    #expect(configuration.entries(of: bridge).map(\.route.path) == ["/mcp", "/b"])
  }

  @Test func withoutADiscoveryDocumentTheEndpointsAreWritten() {
    let entry = Self.entry + ["jwks_file: /keys.json"]
    #expect(
      Fixture.findings(Fixture.bridged(authorization: entry)) == [
        "12:5: error: bridges[0].authorization_endpoint: is missing",
        "12:5: error: bridges[0].token_endpoint: is missing",
      ])
    let lines = ["authorization_endpoint: https://idp.example/a", "token_endpoint: https://idp.example/t"]
    #expect(Fixture.findings(Fixture.bridged(lines, authorization: entry)) == [])
  }

  @Test func routesOfAuth0ShareAnAudience() {
    let auth0 = ["provider: auth0", "issuer: https://a.auth0.com/", "allowed_audience: [a]"]
    let other = "{provider: auth0, issuer: \"https://a.auth0.com/\", allowed_audience: [b], bridge: corporate}"
    func findings(_ lines: [String]) -> [String] {
      Fixture.findings(
        Fixture.bridged(lines, authorization: auth0).replacing(
          "bridges:\n", with: Self.route("/b", other) + "bridges:\n"))
    }
    #expect(findings([]) == ["15:5: error: bridges[0].audience: is missing"])
    #expect(findings(["audience: a"]) == [])
  }

  /// The conditions of an entry that a bridge's tokens could never meet.
  private static let cases: [(bridge: [String], entry: [String], findings: [String])] = [
    ([], entry + ["allowed_clients: [gateway, a]"], []),
    (
      [], entry + ["allowed_clients: [a]"],
      [
        "9:24: warning: \(at).allowed_clients: tokens that the bridge \"corporate\" gets carry its client_id \"gateway\", "
          + "which is not here, so each would be refused"
      ]
    ),
    (["tokens: wrap"], entry + ["allowed_clients: [a]"], []),
    (
      ["tokens: wrap"], entry + ["allowed_clients: [gateway]"],
      [
        "9:24: warning: \(at).allowed_clients: wrapped tokens name the MCP client, not the client_id of the bridge, so "
          + "each would be refused"
      ]
    ),
    ([], entry + ["dpop: {}"], []),
    (
      [], entry + ["dpop: {mode: required}"],
      [
        "9:13: warning: \(at).dpop: tokens that the bridge gets are bound to no key and no certificate, so each would be "
          + "refused"
      ]
    ),
    (
      ["tokens: wrap"], entry + ["dpop: {mode: required}"],
      ["9:13: error: \(at).dpop: wrapped tokens are plain bearer tokens, so each would be refused"]
    ),
    (
      ["tokens: passthrough"], ["provider: google", "allowed_audience: [a]"],
      [
        "9:15: warning: \(at).bridge: access tokens of this provider are opaque and cannot be introspected, so none of "
          + "them is accepted"
      ]
    ),
    (
      ["wrapped_claims: access_token"], ["provider: google", "allowed_audience: [a]"],
      [
        "9:15: warning: \(at).bridge: access tokens of this provider are opaque and cannot be introspected, so none of "
          + "them is accepted"
      ]
    ),
    ([], ["provider: google", "allowed_audience: [a]"], []),
    // Anybody has an ID token of Google's for some client, and ID tokens are JWTs.
    (
      [], ["provider: google"],
      ["7:7: error: \(at): any token of this provider would be accepted, whomever it was issued for"]
    ),
    (
      ["tokens: wrap", "wrapped_claims: id_token"],
      ["provider: cognito", "issuer: https://cognito-idp.eu-west-1.amazonaws.com/A", "allowed_clients: [a]"],
      [
        "10:15: warning: \(at).bridge: custom_claims want \"access\" in token_use, and ID tokens say \"id\", so each "
          + "would be refused"
      ]
    ),
    (
      ["wrapped_token_lifetime: 5m", "wrapped_claims: id_token"], entry,
      [
        "14:29: warning: bridges[0].wrapped_token_lifetime: wrapped_token_lifetime has no effect without \"tokens: wrap\"",
        "15:21: warning: bridges[0].wrapped_claims: wrapped_claims has no effect without \"tokens: wrap\"",
      ]
    ),
    (
      ["client_metadata_documents: {enabled: false, allowed_hosts: [a]}"], entry,
      [
        "14:64: warning: bridges[0].client_metadata_documents.allowed_hosts: allowed_hosts has no effect while documents "
          + "are not read"
      ]
    ),
  ]

  @Test(arguments: cases)
  func saysWhatCannotBeMet(bridge: [String], entry: [String], findings: [String]) {
    #expect(Fixture.findings(Fixture.bridged(bridge, authorization: entry)) == findings)
  }

  @Test func tokensBoundToCertificatesAreRefusedWithABridge() {
    let listeners =
      "listeners: [{address: '127.0.0.1:0', tls: {certificates: [{certificate: /c.pem, key: /k.pem}], client_ca: /ca.pem}}]\n"
    let text = Fixture.bridged(authorization: Self.entry + ["certificate_bound_tokens: true"]) + listeners
    #expect(
      Fixture.findings(text) == [
        "9:33: warning: \(Self.at).certificate_bound_tokens: tokens that the bridge gets are bound to no key and no "
          + "certificate, so each would be refused"
      ])
  }

  @Test func plainPublicURLsNeedAClearListener() {
    let listeners = "listeners: [{address: '127.0.0.1:0', tls: {certificates: [{certificate: /c.pem, key: /k.pem}]}}]\n"
    #expect(
      Fixture.findings(Fixture.bridged(["public_url: http://localhost"]) + listeners) == [
        "14:17: warning: bridges[0].public_url: clients are told to use http, but every listener speaks TLS"
      ])
  }
}
