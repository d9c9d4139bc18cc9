import Configuration
import JOSE
import JSON
import Testing

@testable import Diagnosis

/// What the products' own traps are answered with.
struct RemedyFinderTests {
  private func remedy(
    _ fault: TokenFault, _ lines: [String], _ claims: JSONObject, header: JSONObject = [:], shape: TokenShape = .signed
  ) throws -> String {
    let (route, entry, _) = try Fixture.entry(lines)
    return RemedyFinder(route: route, entry: entry, header: .object(header), claims: .object(claims), shape: shape)
      .remedy(for: fault)
  }

  private static let entra2 = [
    "provider: entra", "issuer: https://login.microsoftonline.com/t-1/v2.0",
    "allowed_audience: [https://mcp.example.com/mcp]",
  ]
  private static let entra1 = [
    "provider: entra", "issuer: https://sts.windows.net/t-1/",
    "discovery_url: https://login.microsoftonline.com/t-1/.well-known/openid-configuration", "allowed_audience: [x]",
  ]
  private static let okta = [
    "provider: okta", "issuer: https://example.okta.com/oauth2/default",
    "allowed_audience: [https://mcp.example.com/mcp]",
  ]
  private static let cognito = [
    "provider: cognito", "issuer: https://cognito-idp.eu-west-1.amazonaws.com/pool", "allowed_audience: [x]",
  ]
  private static let auth0 = ["provider: auth0", "issuer: https://t.auth0.com/", "allowed_audience: [https://api]"]
  private static let keycloak = [
    "issuer: https://sso.example.com/realms/main", "allowed_audience: [https://mcp.example.com/mcp]",
  ]
  private static let generic = ["issuer: https://idp.example.com", "allowed_audience: [x]"]

  private static let issuers: [([String], String?, String)] = [
    (entra2, "https://sts.windows.net/t-1/", "requestedAccessTokenVersion to 2"),
    (entra1, "https://login.microsoftonline.com/t-1/v2.0", "version 2 token"),
    (entra2, "https://login.microsoftonline.com/t-2/v2.0", "another tenant"),
    (okta, "https://example.okta.com", "org authorization server"),
    (okta, "https://example.okta.com/oauth2/other", "another authorization server"),
    (cognito, "https://cognito-idp.eu-west-1.amazonaws.com/other", "another user pool"),
    (auth0, "https://t.auth0.com", "a slash at the end"),
    (generic, "http://idp.example.com", "http and https"), (generic, "https://IdP.example.com", "case of letters"),
    (generic, "https://other.example.com", "add an entry for it"), (generic, nil, "no iss"),
  ]

  @Test(arguments: issuers)
  func anotherIssuer(_ lines: [String], _ issuer: String?, _ words: String) throws {
    var claims: JSONObject = [:]
    claims["iss"] = issuer.map { .string($0) }
    let remedy = try remedy(.wrongIssuer, lines, claims)
    #expect(remedy.contains(words), "\(remedy)")
  }

  private static let audiences: [([String], JSONObject, String)] = [
    (entra2, ["aud": "api://x"], "set the Application ID URI in Entra (Expose an API) to https://mcp.example.com/mcp"),
    (entra2, ["aud": "00000003-0000-0000-c000-000000000000"], "Microsoft Graph"),
    (okta, ["aud": "api://default"], "audience of the authorization server"),
    (cognito, ["client_id": "abc"], "allowed_clients in place of allowed_audience, here abc"),
    (cognito, ["aud": "abc", "token_use": "id"], "ID token"),
    (generic, ["aud": "abc", "nonce": "n"], "this is an ID token"), (keycloak, ["aud": "a", "typ": "ID"], "ID token"),
    (keycloak, ["aud": "account", "typ": "Bearer", "nonce": "n"], "only Keycloak's own account"),
    (auth0, ["aud": ["https://t.auth0.com/userinfo"]], "/userinfo only"),
    (keycloak, ["aud": "account"], "only Keycloak's own account"), (keycloak, [:], "mapper of the type Audience"),
    (keycloak, ["aud": "https://mcp.example.com/mcp/"], "a slash at the end"),
    (generic, ["aud": ["a", "b"]], "aud is a, b, but the route wants x"), (generic, [:], "no aud"),
  ]

  @Test(arguments: audiences)
  func anotherAudience(_ lines: [String], _ claims: JSONObject, _ words: String) throws {
    let remedy = try remedy(.wrongAudience, lines, claims)
    #expect(remedy.contains(words), "\(remedy)")
  }

  private static let shapes: [([String], TokenShape, String)] = [
    (generic, .googleAccessToken, "access token of Google"), (generic, .auth0Opaque, "Default Audience"),
    (auth0, .unknown, "audience of the API"), (generic, .refreshToken("Auth0"), "refresh token of Auth0"),
    (generic, .clientSecret("Entra ID"), "client secret of Entra ID"), (generic, .tokenResponse, "access_token alone"),
    (generic, .authorizationCode("Google"), "authorization code"), (generic, .gitHubToken, "GitHub"),
    (generic, .cutOff, "copy the whole token"), (generic, .severalWords, "more than one word"),
    (generic, .encrypted, "encrypted"), (generic, .unknown, "add introspection"),
  ]

  @Test(arguments: shapes)
  func noJWT(_ lines: [String], _ shape: TokenShape, _ words: String) throws {
    let remedy = try remedy(.opaque, lines, [:], shape: shape)
    #expect(remedy.contains(words), "\(remedy)")
  }

  private static let others: [(TokenFault, [String], JSONObject, JSONObject, String)] = [
    (.unsupportedAlgorithm, generic, [:], ["alg": "HS256"], "HS256 needs the secret"),
    (.unsupportedAlgorithm, auth0, [:], ["alg": "HS256"], "settings of the API"),
    (.unsupportedAlgorithm, keycloak, ["typ": "Refresh"], ["alg": "HS512"], "This is a refresh token"),
    (.unsupportedAlgorithm, generic, [:], ["alg": "none"], "not signed at all"),
    (.unknownKey, entra2, [:], ["nonce": "x", "kid": "k"], "Microsoft Graph"),
    (.unknownKey, entra2, [:], ["kid": "k"], "?appid=CLIENT_ID"),
    (.badSignature, generic, [:], ["kid": "k"], "another installation"),
    (.wrongTokenType, auth0, [:], [:], "RFC 9068 of the API's token profile"),
    (.notAnAccessToken, keycloak, ["typ": "Refresh"], [:], "refresh token"),
    (.notAnAccessToken, generic, ["events": .object([:])], [:], "logout or security event"),
    (.notAnAccessToken, generic, ["nonce": "x"], [:], "ID token"),
    (.insufficientScope, okta, ["scp": ["openid"]], [:], "access policy"),
    (.insufficientScope, cognito, ["scope": "openid"], [:], "IDENTIFIER/SCOPE"),
    (.insufficientScope, keycloak, ["scope": "openid"], [:], "assigned to the client"),
    (.wrongClient, generic, [:], [:], "allowed_audience in place of allowed_clients"),
    (.wrongClient, generic, ["client_id": 7], [:], "not a string"),
  ]

  @Test(arguments: others)
  func everythingElse(
    _ fault: TokenFault, _ lines: [String], _ claims: JSONObject, _ header: JSONObject, _ words: String
  )
    throws
  {
    let remedy = try remedy(fault, lines, claims, header: header)
    #expect(remedy.contains(words), "\(remedy)")
  }

  @Test(arguments: TokenFault.allCases)
  func everyFaultHasOne(_ fault: TokenFault) throws {
    let remedy = try remedy(fault, Self.generic, [:])
    #expect(remedy.hasSuffix(".") || fault == .wrongIssuer)
    #expect(remedy.count > 40)
  }
}
