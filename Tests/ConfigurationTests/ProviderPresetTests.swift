import Testing

@testable import Configuration

struct ProviderPresetTests {
  /// A usual entry for each provider, and what the preset makes of it.
  private static let usual: [(ProviderPreset, [String], clients: [String], scopes: [String], issuer: String)] = [
    (
      .okta, ["issuer: https://a.okta.com/oauth2/default", "allowed_audience: [a]"], ["cid"], ["scp"],
      "https://a.okta.com/oauth2/default"
    ),
    (
      .entra,
      [
        "discovery_url: https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0/.well-known/"
          + "openid-configuration",
        "allowed_audience: [66666666-7777-8888-9999-00000000000a]",
      ], ["azp", "appid"], ["scp", "roles"],
      "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
    ),
    (
      .cognito, ["issuer: https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A", "allowed_clients: [a]"],
      ["client_id"], ["scope"], "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A"
    ),
    (
      .auth0, ["discovery_url: https://a.auth0.com/.well-known/openid-configuration", "allowed_audience: [a]"],
      ["azp", "client_id"], ["scope", "permissions"], "https://a.auth0.com/"
    ),
    (
      .keycloak, ["issuer: https://sso.example/realms/a", "allowed_audience: [a]"], ["azp", "client_id"], ["scope"],
      "https://sso.example/realms/a"
    ),
    (
      .google,
      [
        "allowed_audience: [a]",
        "introspection: {endpoint: \"https://a.example/i\", client_id: a, private_key: /k.pem}",
      ], ["azp"], ["scope", "scp", "roles", "permissions"], "https://accounts.google.com"
    ),
    (
      .ping, ["issuer: https://auth.pingone.eu/a/as", "allowed_audience: [a]"], ["client_id"], ["scope"],
      "https://auth.pingone.eu/a/as"
    ),
    (
      .workos, ["issuer: https://a.authkit.app", "allowed_audience: [a]"], ["client_id", "azp"],
      ["scope", "permissions"], "https://a.authkit.app"
    ),
    (
      .descope, ["issuer: https://api.descope.com/v1/apps/P", "allowed_audience: [a]"], ["azp", "client_id"],
      ["scope", "permissions"], "https://api.descope.com/v1/apps/P"
    ),
    (
      .generic, ["issuer: https://idp.example", "allowed_audience: [a]"], ["client_id", "azp", "cid", "appid"],
      ["scope", "scp", "roles", "permissions"], "https://idp.example"
    ),
  ]

  @Test func givesPlainFieldsThatExpandToThemselves() throws {
    #expect(Self.usual.map(\.0) == ProviderPreset.allCases)
    for (preset, lines, clients, scopes, issuer) in Self.usual {
      let result = Fixture.load(Fixture.authorization(["provider: \(preset.rawValue)"] + lines))
      #expect(Fixture.findings(result) == [])
      let provider = try #require(Fixture.providers(result).first)
      #expect(provider.provider == preset)
      #expect(provider.clientIDClaims == clients)
      #expect(provider.scopeClaims == scopes)
      #expect(provider.issuer == issuer)
      #expect(provider.customClaims == (preset == .cognito ? [.claim("token_use", .equals("access"))] : []))
      let expanded = try #require(result.configuration).expanded()
      let again = Fixture.load(expanded)
      #expect(Fixture.findings(again) == [])
      #expect(again.configuration == result.configuration)
      #expect(again.configuration?.expanded() == expanded)
      // Without the name the fields say the same.
      let plain = Fixture.load(expanded.replacing("provider: \(preset.rawValue)\n", with: "provider: generic\n"))
      let fields = try #require(Fixture.providers(plain).first)
      #expect(fields.clientIDClaims == clients && fields.scopeClaims == scopes && fields.issuer == issuer)
      #expect(fields.customClaims == provider.customClaims)
    }
  }

  @Test(arguments: ProviderPreset.allCases)
  func whatIsWrittenWins(_ preset: ProviderPreset) throws {
    let result = Fixture.load(
      Fixture.authorization([
        "provider: \(preset.rawValue)", "issuer: https://idp.example/oauth2/", "client_id_claims: [x]",
        "scope_claims: [y]", "allowed_audience: [a]", "allowed_clients: [b]",
      ]))
    let provider = try #require(Fixture.providers(result).first)
    #expect(provider.clientIDClaims == ["x"])
    #expect(provider.scopeClaims == ["y"])
    #expect(provider.issuer == "https://idp.example/oauth2/")
  }

  private static func rule(_ value: String) -> String {
    "{inbound_token_claim_name: token_use, inbound_token_claim_value_type: STRING, authorizing_claim_match_value: "
      + "{claim_match_operator: EQUALS, claim_match_value: {match_value_string: \(value)}}}"
  }

  @Test(arguments: [
    (rule("access"), [ClaimRule.claim("token_use", .equals("access"))]),
    (rule("id"), [.claim("token_use", .equals("id"))]),
    ("{any_of: [\(rule("id"))]}", [.anyOf([.claim("token_use", .equals("id"))])]),
    (
      rule("a").replacing("token_use", with: "b"),
      [.claim("b", .equals("a")), .claim("token_use", .equals("access"))]
    ),
  ])
  func aRuleOfThePresetIsNotDoubled(_ written: String, _ rules: [ClaimRule]) throws {
    let result = Fixture.load(
      Fixture.authorization([
        "provider: cognito", "issuer: https://idp.example", "allowed_clients: [a]", "custom_claims: [\(written)]",
      ]))
    #expect(Fixture.providers(result).map(\.customClaims) == [rules])
  }

  /// What every token of the pool says binds none of them to the route (GW-46).
  @Test func aRuleOfThePresetBindsNoToken() {
    let lines = ["provider: cognito", "issuer: https://idp.example"]
    let unbound = [
      "7:7: error: routes[0].authorization: any token of this provider would be accepted, whomever it was issued for"
    ]
    #expect(Fixture.findings(Fixture.authorization(lines)) == unbound)
    #expect(Fixture.findings(Fixture.authorization(lines + ["custom_claims: [\(Self.rule("access"))]"])) == unbound)
    let other = Self.rule("a").replacing("token_use", with: "b")
    #expect(Fixture.findings(Fixture.authorization(lines + ["custom_claims: [\(other)]"])) == [])
  }
}
