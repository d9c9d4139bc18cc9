import Configuration
import Testing

struct ProviderLintTests {
  private static let at = "routes[0].authorization"
  private static let entra = "https://login.microsoftonline.com"
  private static let tenant = "11111111-2222-3333-4444-555555555555"
  private static let document = ".well-known/openid-configuration"
  private static let guid = "allowed_audience: [66666666-7777-8888-9999-000000000000]"

  /// The lines behind `provider`, and the findings.
  private static let cases: [(provider: String, lines: [String], findings: [String])] = [
    (
      "okta", ["issuer: https://a.okta.com", "allowed_audience: [a]"],
      ["8:15: warning: \(at).issuer: access tokens of Okta's org authorization server are for Okta's own APIs only"]
    ),
    (
      "okta", ["discovery_url: https://a.okta.com/\(document)", "allowed_audience: [a]"],
      [
        "8:22: warning: \(at).discovery_url: access tokens of Okta's org authorization server are for Okta's own APIs "
          + "only"
      ]
    ),
    (
      "entra", ["issuer: \(entra)/common/v2.0", guid],
      [
        "8:15: error: \(at).issuer: \"common\" stands for many tenants, but tokens name their own as the issuer"
      ]
    ),
    (
      "entra", ["discovery_url: \(entra)/organizations/v2.0/\(document)", "issuer: \(entra)/consumers/v2.0", guid],
      [
        "8:22: error: \(at).discovery_url: \"organizations\" stands for many tenants, but tokens name their own as the "
          + "issuer",
        "9:15: error: \(at).issuer: \"consumers\" stands for many tenants, but tokens name their own as the issuer",
      ]
    ),
    (
      "entra", ["issuer: https://sts.windows.net/\(tenant)/", "allowed_audience: [\"api://a\"]"],
      [
        "8:15: warning: \(at).issuer: this is the issuer of version 1 tokens, but not of a version 1 discovery_url"
      ]
    ),
    (
      "entra",
      [
        "discovery_url: \(entra)/\(tenant)/v2.0/\(document)", "issuer: https://sts.windows.net/\(tenant)/",
        "allowed_audience: [\"api://a\"]",
      ],
      [
        "9:15: warning: \(at).issuer: this is the issuer of version 1 tokens, but not of a version 1 discovery_url"
      ]
    ),
    (
      "entra",
      [
        "discovery_url: \(entra)/\(tenant)/\(document)", "issuer: https://sts.windows.net/\(tenant)/",
        "allowed_audience: [\"api://a\"]",
      ], []
    ),
    (
      "entra", ["discovery_url: \(entra)/\(tenant)/\(document)", guid],
      [
        "8:22: warning: \(at).discovery_url: this document is that of version 1 tokens, whose issuer is "
          + "https://sts.windows.net/TENANT/"
      ]
    ),
    (
      "entra",
      [
        "issuer: \(entra)/\(tenant)/v2.0",
        "allowed_audience: [\"api://66666666-7777-8888-9999-000000000000\", \"https://mcp.example.com/mcp\"]",
      ],
      [
        "9:25: warning: \(at).allowed_audience: version 2 tokens carry the ID of the API's application in aud, a GUID"
      ]
    ),
    ("entra", ["issuer: \(entra)/\(tenant)/v2.0", "allowed_clients: [a]"], []),
    (
      "cognito", ["issuer: https://a.auth.eu-west-1.amazoncognito.com", "allowed_clients: [a]"],
      ["8:15: warning: \(at).issuer: this is where users sign in; Cognito's tokens come from the pool"]
    ),
    (
      "cognito", ["issuer: https://cognito-idp.eu-west-1.amazonaws.com/A", "allowed_audience: [a]"],
      [
        "9:25: warning: \(at).allowed_audience: Cognito puts aud only into access tokens that a client asks for with "
          + "resource (RFC 8707)"
      ]
    ),
    (
      "cognito",
      ["issuer: https://cognito-idp.eu-west-1.amazonaws.com/A", "allowed_audience: [a]", "allowed_clients: [b]"], []
    ),
    (
      "auth0", ["issuer: https://a.auth0.com", "allowed_audience: [a]"],
      ["8:15: error: \(at).issuer: Auth0's issuer ends with a slash, so no token could match this one"]
    ),
    ("auth0", ["issuer: https://a.auth0.com/", "allowed_audience: [a]"], []),
    (
      "keycloak", ["issuer: https://sso.example/realms/a", "allowed_clients: [a]"],
      ["7:7: warning: \(at).allowed_audience: tokens that Keycloak issues for other APIs are accepted, too"]
    ),
    (
      "google", ["allowed_clients: [a]"],
      [
        "7:17: warning: \(at).provider: Google's access tokens are opaque and cannot be introspected, so none of them "
          + "is accepted"
      ]
    ),
    (
      "google", ["allowed_clients: [a]", "introspection: {client_id: a, private_key: /k.pem}"],
      ["9:22: error: \(at).introspection: Google has no introspection endpoint"]
    ),
  ]

  @Test(arguments: cases)
  func saysWhatIsKnownToGoWrong(provider: String, lines: [String], findings: [String]) {
    let result = Fixture.load(Fixture.authorization(["provider: \(provider)"] + lines))
    #expect(Fixture.findings(result) == findings)
    #expect((result.configuration == nil) == findings.contains { $0.contains("error") })
    // A preset that is not named says nothing.
    let plain = Fixture.findings(
      Fixture.authorization(["provider: generic", "issuer: https://a", "allowed_clients: [a]"]))
    #expect(plain == [])
  }
}
