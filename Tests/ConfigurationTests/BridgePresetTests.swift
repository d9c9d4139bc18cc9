import Configuration
import Testing

/// What a bridge takes from the preset of the entries that name it.
struct BridgePresetTests {
  private static let guid = "66666666-7777-8888-9999-000000000000"

  private static func bridge(_ lines: [String] = [], _ authorization: [String]) throws -> BridgeConfiguration {
    let result = Fixture.load(Fixture.bridged(lines, authorization: authorization))
    #expect(Fixture.findings(result) == [])
    let configuration = try #require(result.configuration)
    #expect(Fixture.load(configuration.expanded()).configuration == configuration)
    return try #require(configuration.bridges.first)
  }

  private static let entra = [
    "provider: entra", "issuer: https://login.microsoftonline.com/a/v2.0",
  ]

  @Test(arguments: [
    ("[\(guid), \"api://\(guid)\"]", "api://\(guid)/"), ("[\(guid), \"api://a/\"]", "api://a/"),
    ("[\(guid), \"api://a\", \"api://b\"]", nil), ("[\(guid)]", nil),
  ])
  func entraCallsScopesByTheirAPI(audience: String, prefix: String?) throws {
    let bridge = try Self.bridge([], Self.entra + ["allowed_audience: \(audience)"])
    #expect(bridge.scopePrefix == prefix)
    #expect(bridge.refreshWithScope)
    let written = try Self.bridge(
      ["scope_prefix: x/", "refresh_with_scope: false"], Self.entra + ["allowed_audience: \(audience)"])
    #expect(written.scopePrefix == "x/")
    #expect(!written.refreshWithScope)
  }

  @Test func cognitoIsNotAskedForOfflineAccess() throws {
    let cognito = [
      "provider: cognito", "issuer: https://cognito-idp.eu-west-1.amazonaws.com/A", "allowed_clients: [gateway]",
    ]
    #expect(try Self.bridge([], cognito).droppedScopes == ["offline_access"])
    #expect(try Self.bridge(["dropped_scopes: []"], cognito).droppedScopes == [])
    #expect(try Self.bridge(["extra_scopes: [offline_access]"], cognito).droppedScopes == [])
  }

  @Test func auth0IsAskedForAnAudience() throws {
    let auth0 = ["provider: auth0", "issuer: https://a.auth0.com/", "allowed_audience: [a, b]"]
    #expect(try Self.bridge([], auth0).audience == "a")
    #expect(try Self.bridge(["audience: b"], auth0).audience == "b")
    #expect(try Self.bridge(["resource: \"urn:a\""], auth0).audience == nil)
  }

  @Test func googlesIdentityIsWrapped() throws {
    let google = ["provider: google", "allowed_audience: [\"https://mcp.example.com/mcp\"]"]
    let bridge = try Self.bridge([], google)
    #expect(bridge.tokens == .wrap)
    #expect(bridge.wrappedClaims == .idToken)
    #expect(bridge.extraScopes == ["openid", "email"])
    #expect(bridge.droppedScopes == ["offline_access"])
    #expect(bridge.authorizationParameters == ["access_type": "offline", "prompt": "consent"])
    let written = try Self.bridge(
      ["authorization_parameters: {hd: example.com}", "dropped_scopes: [email]"], google)
    #expect(written.authorizationParameters == ["hd": "example.com"])
    #expect(written.extraScopes == ["openid"])
    #expect(written.droppedScopes == ["email"])
    #expect(try Self.bridge(["authorization_parameters: {}"], google).authorizationParameters.isEmpty)
  }

  @Test(arguments: ["okta", "ping", "workos", "descope", "keycloak", "generic"])
  func othersHaveNothingSpecial(_ provider: String) throws {
    let bridge = try Self.bridge(
      [], ["provider: \(provider)", "issuer: https://idp.example/oauth2/a", "allowed_audience: [\"api://a\"]"])
    #expect(bridge.tokens == .passthrough)
    #expect(bridge.scopePrefix == nil && bridge.audience == nil && !bridge.refreshWithScope)
    #expect(bridge.extraScopes.isEmpty && bridge.droppedScopes.isEmpty && bridge.authorizationParameters.isEmpty)
  }

  @Test(arguments: [
    ([], ["openid"]), (["extra_scopes: [email]"], ["openid", "email"]),
    (["extra_scopes: [a, openid]"], ["a", "openid"]),
  ])
  func anIDTokenIsIssuedForOpenID(_ lines: [String], _ scopes: [String]) throws {
    let entry = ["issuer: https://idp.example", "allowed_audience: [a]"]
    let bridge = try Self.bridge(["tokens: wrap", "wrapped_claims: id_token"] + lines, entry)
    #expect(bridge.extraScopes == scopes)
  }

  @Test func callsScopesAsTheProviderDoes() throws {
    let result = Fixture.load(
      Fixture.bridged(
        ["scope_prefix: \"api://x/\""],
        authorization: [
          "issuer: https://idp.example", "allowed_audience: [a]", "allowed_scopes: [mcp:tools, tools.read]",
          "advertised_scope_mapping: {tools.read: Tools.Read, mcp:tools: mcp:tools}",
        ]))
    #expect(Fixture.findings(result) == [])
    let configuration = try #require(result.configuration)
    let bridge = try #require(configuration.bridge(named: "corporate"))
    let (route, entry) = try #require(configuration.entries(of: bridge).first)
    #expect(entry.advertisedScopes == ["mcp:tools", "tools.read"])
    #expect(route.metadata?.scopesSupported == ["mcp:tools", "tools.read"])
    let names = [
      ("mcp:tools", "mcp:tools"), ("tools.read", "Tools.Read"), ("other", "api://x/other"), ("openid", "openid"),
      ("offline_access", "offline_access"), ("api://x/a", "api://x/a"), ("https://y/a", "https://y/a"),
    ]
    for (scope, name) in names { #expect(bridge.providerScope(scope, in: entry) == name) }
  }

  /// Without a bridge clients hear the provider's names, and are told to ask for `openid` only with a warning.
  @Test func aMappingToScopesOfTheSignInIsTheBridgesOwnAffair() {
    let entry = [
      "issuer: https://idp.example", "allowed_audience: [a]", "allowed_scopes: [mcp:tools]",
      "advertised_scope_mapping: {mcp:tools: openid}",
    ]
    #expect(Fixture.findings(Fixture.bridged(authorization: entry)) == [])
    #expect(Fixture.findings(Fixture.authorization(entry)).count == 1)
  }
}
