import Configuration
import Testing

struct AuthorizationConfigurationTests {
  private static let at = "routes[0].authorization"

  private func rules(_ result: LoadResult) throws -> AuthorizationConfiguration {
    try #require(Fixture.providers(result).first)
  }

  @Test func fillsInEveryDefault() throws {
    let rules = try rules(Fixture.load(Fixture.minimal))
    #expect(rules.provider == .generic)
    #expect(rules.discoveryURLs.map(\.description) == ["http://127.0.0.1:9000/.well-known/openid-configuration"])
    #expect(rules.issuer == "http://127.0.0.1:9000")
    #expect(rules.allowedAudience == ["aud"])
    #expect(rules.allowedClients == [])
    #expect(rules.allowedScopes == [])
    #expect(rules.advertisedScopeMapping == [:])
    #expect(rules.customClaims == [])
    #expect(rules.clockSkew == .seconds(60))
    #expect(!rules.allowPlaintextProvider)
    #expect(rules.keysRefresh == .seconds(300))
    #expect(rules.providerProxy == nil)
    #expect(rules.jwksURI == nil)
    #expect(rules.jwksFile == nil)
    #expect(
      rules.allowedAlgorithms == [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
      ])
    #expect(rules.tokenType == .any)
    #expect(rules.clientIDClaims == ["client_id", "azp", "cid", "appid"])
    #expect(rules.scopeClaims == ["scope", "scp", "roles", "permissions"])
    #expect(rules.scopeMatch == .any)
    #expect(rules.scopeHierarchy == [:])
    #expect(rules.introspection == nil)
    #expect(rules.dpop == nil)
    #expect(rules.tokenCacheEntries == 16_384)
    #expect(rules.tokenCacheSize == 67_108_864)
    #expect(rules.advertisedScopes == [])
  }

  @Test func readsEveryValue() throws {
    let result = Fixture.load(
      Fixture.minimal + """
              issuer: https://idp.example.com/
              allowed_clients: [0123, "b c"]
              allowed_scopes: [read, write]
              advertised_scope_mapping: {read: "api://tools/read"}
              custom_claims:
                - inbound_token_claim_name: cid
                  inbound_token_claim_value_type: STRING
                  authorizing_claim_match_value:
                    claim_match_operator: EQUALS
                    claim_match_value: {match_value_string: abc}
                - inbound_token_claim_name: https://example.com/roles
                  inbound_token_claim_value_type: STRING_ARRAY
                  authorizing_claim_match_value:
                    claim_match_operator: CONTAINS
                    claim_match_value: {match_value_string: "role: a"}
                - inbound_token_claim_name: groups
                  inbound_token_claim_value_type: STRING_ARRAY
                  authorizing_claim_match_value:
                    claim_match_operator: CONTAINS_ANY
                    claim_match_value: {match_value_string_list: [a, b]}
              clock_skew: 0s
              allow_plaintext_provider: true
              provider: ping
              keys_refresh: 24h
              provider_proxy: http://proxy.internal:3128
              allowed_algorithms: [ES256, EdDSA]
              token_type: at+jwt
              client_id_claims: [a]
              scope_claims: [b, c]
              scope_match: all
              scope_hierarchy: {admin: [write], write: [read]}
              dpop: {mode: required, nonce: true, max_age: 10m, algorithms: [ES256]}
              token_cache_entries: 0
              token_cache_size: 1MiB
        """)
    #expect(result.diagnostics.isEmpty)
    let rules = try rules(result)
    #expect(rules.issuer == "https://idp.example.com/")
    #expect(rules.allowedClients == ["0123", "b c"])
    #expect(rules.allowedScopes == ["read", "write"])
    #expect(rules.advertisedScopeMapping == ["read": "api://tools/read"])
    #expect(rules.advertisedScopes == ["api://tools/read", "write"])
    #expect(result.configuration?.routes.first?.metadata?.scopesSupported == ["api://tools/read", "write"])
    #expect(
      rules.customClaims == [
        .claim("cid", .equals("abc")), .claim("https://example.com/roles", .contains("role: a")),
        .claim("groups", .containsAny(["a", "b"])),
      ])
    #expect(rules.clockSkew == .zero)
    #expect(rules.allowPlaintextProvider)
    #expect(rules.provider == .ping)
    #expect(rules.keysRefresh == .seconds(86_400))
    #expect(rules.providerProxy?.description == "http://proxy.internal:3128")
    #expect(rules.allowedAlgorithms == ["ES256", "EdDSA"])
    #expect(rules.tokenType == .accessTokenJWT)
    #expect(rules.clientIDClaims == ["a"])
    #expect(rules.scopeClaims == ["b", "c"])
    #expect(rules.scopeMatch == .all)
    #expect(rules.scopeHierarchy == ["admin": ["write"], "write": ["read"]])
    #expect(rules.dpop?.mode == .required)
    #expect(rules.tokenCacheEntries == 0)
    #expect(rules.tokenCacheSize == 1_048_576)
  }

  @Test(arguments: [
    ("http://localhost/.well-known/openid-configuration", "http://localhost"),
    ("http://localhost/t/v2.0/.well-known/openid-configuration", "http://localhost/t/v2.0"),
    ("http://localhost/.well-known/openid-configuration/t/v2.0", "http://localhost/t/v2.0"),
    ("http://localhost:9/.well-known/oauth-authorization-server", "http://localhost:9"),
    ("http://localhost/.well-known/oauth-authorization-server/tenant", "http://localhost/tenant"),
    ("http://[::1]:9/.well-known/oauth-authorization-server/tenant/", "http://[::1]:9/tenant/"),
  ])
  func derivesTheIssuer(url: String, issuer: String) throws {
    let text = Fixture.minimal.replacing("http://127.0.0.1:9000/.well-known/openid-configuration", with: url)
    #expect(try rules(Fixture.load(text)).issuer == issuer)
  }

  private static let discovery = "http://127.0.0.1:9000/.well-known/openid-configuration"

  static let breakages: [Breakage] = [
    Breakage(
      "discovery_url: \(discovery)\n      ", "",
      "7:7: error: \(at).discovery_url: is missing"),
    Breakage(
      discovery, "http://127.0.0.1:9000/.well-known/openid",
      "7:22: error: \(at).discovery_url: \"http://127.0.0.1:9000/.well-known/openid\" is not a "
        + "discovery URL"),
    Breakage(
      discovery, "\(discovery)/",
      "7:22: error: \(at).discovery_url: \"\(discovery)/\" is not a discovery URL"),
    Breakage(
      discovery, "\(discovery)?a",
      "7:22: error: \(at).discovery_url: a query or fragment cannot be part of this URL"),
    Breakage(
      discovery, "ftp://127.0.0.1/.well-known/openid-configuration",
      "7:22: error: \(at).discovery_url: \"ftp://127.0.0.1/.well-known/openid-configuration\" is "
        + "not an absolute http or https URL"),
    Breakage(
      discovery, "http://idp.example.com/.well-known/openid-configuration",
      "7:22: error: \(at).discovery_url: keys fetched over plain http can be replaced on the way"
    ),
    Breakage(
      discovery, "http://127.0.0.1:9000/a/.well-known/openid-configuration/b",
      "7:7: error: \(at).issuer: is missing"),
    Breakage(
      adding: "      issuer: idp.example.com",
      "9:15: error: \(at).issuer: expected an http or https URL without query and fragment, "
        + "found \"idp.example.com\""),
    Breakage(
      adding: "      issuer: https://idp.example.com?a",
      "9:15: error: \(at).issuer: expected an http or https URL without query and fragment, "
        + "found \"https://idp.example.com?a\""),
    Breakage(
      adding: "      provider_ca: ca.pem\n      certificate_bound_tokens: maybe\n"
        + "      allowed_certificate_subjects: []",
      "9:20: error: \(at).provider_ca: \"ca.pem\" is not an absolute path",
      "10:33: error: \(at).certificate_bound_tokens: expected true or false, found \"maybe\"",
      "11:37: error: \(at).allowed_certificate_subjects: the list is empty"),
    Breakage(
      adding: "      allowed_certificate_subjects: [/O=b/CN=a]",
      "9:38: error: \(at).allowed_certificate_subjects[0]: \"/O=b/CN=a\" is not a subject in the form of RFC 2253"
    ),
    Breakage(
      "allowed_audience: [aud]", "allowed_scopes: [a]",
      "7:7: error: \(at): any token of this provider would be accepted, whomever it was issued for"
    ),
    Breakage(
      "allowed_audience: [aud]", "allowed_audience: []",
      "8:25: error: \(at).allowed_audience: the list is empty"),
    Breakage(
      "allowed_audience: [aud]", "allowed_audience: aud",
      "8:25: error: \(at).allowed_audience: expected a list, found the value \"aud\""),
    Breakage(
      "allowed_audience: [aud]", "allowed_audience: [a, [b], ~]",
      "8:29: error: \(at).allowed_audience[1]: expected text, found a list",
      "8:34: error: \(at).allowed_audience[2]: expected text, found nothing"),
    Breakage(
      adding: "      allowed_scopes: ['a b', '\"']",
      "9:24: error: \(at).allowed_scopes[0]: expected one scope without spaces, quotes or "
        + "backslashes, found \"a b\"",
      "9:31: error: \(at).allowed_scopes[1]: expected one scope without spaces, quotes or "
        + "backslashes, found \"\"\""),
    Breakage(
      adding: "      allowed_scopes: [a]\n      advertised_scope_mapping: {a: x, b: y, c d: z, e: []}",
      "10:43: error: \(at).advertised_scope_mapping.b: \"b\" is not in allowed_scopes",
      "10:46: error: \(at).advertised_scope_mapping.c d: expected one scope without spaces, quotes "
        + "or backslashes, found \"c d\"",
      "10:57: error: \(at).advertised_scope_mapping.e: expected one scope without spaces, quotes "
        + "or backslashes, found a list"),
    Breakage(
      adding: "      advertised_scope_mapping: [a]",
      "9:33: error: \(at).advertised_scope_mapping: expected a mapping, found a list"),
    Breakage(
      adding: "      provider: octa\n      keys_refresh: 59s\n      allowed_algorithms: [RS256, HS256]\n"
        + "      token_type: jwt\n      client_id_claims: []\n      scope_claims: ['']\n      scope_match: some\n"
        + "      token_cache_size: 0",
      "9:17: error: \(at).provider: expected okta or entra or cognito or auth0 or keycloak or google or ping or workos "
        + "or descope or generic, found \"octa\"",
      "10:21: error: \(at).keys_refresh: expected a duration from 1m to 24h, found \"59s\"",
      "11:35: error: \(at).allowed_algorithms[1]: expected RS256 or RS384 or RS512 or PS256 or PS384 or PS512 or ES256 "
        + "or ES384 or ES512 or EdDSA, found \"HS256\"",
      "12:19: error: \(at).token_type: expected any or at+jwt, found \"jwt\"",
      "13:25: error: \(at).client_id_claims: the list is empty",
      "14:22: error: \(at).scope_claims[0]: the value is empty",
      "15:20: error: \(at).scope_match: expected any or all, found \"some\"",
      "15:20: warning: \(at).scope_match: scope_match has no effect without allowed_scopes",
      "16:25: error: \(at).token_cache_size: expected a size from 1KiB to 64GiB, found \"0\""),
    Breakage(
      adding: "      allowed_scopes: [a]\n      scope_hierarchy: {a: [b], b: [c, a], c: c, 'd e': [f]}",
      "10:28: error: \(at).scope_hierarchy.a: scopes include each other in a circle: \"a → b → a\"",
      "10:47: error: \(at).scope_hierarchy.c: expected a list, found the value \"c\"",
      "10:50: error: \(at).scope_hierarchy.d e: expected one scope without spaces, quotes or backslashes, found "
        + "\"d e\""),
    Breakage(
      adding: "      clock_skew: 301s\n      allow_plaintext_provider: maybe\n      token_cache_entries: -1",
      "9:19: error: \(at).clock_skew: expected a duration from 0ms to 5m, found \"301s\"",
      "10:33: error: \(at).allow_plaintext_provider: expected true or false, found \"maybe\"",
      "11:28: error: \(at).token_cache_entries: expected a whole number from 0 to 10000000, "
        + "found \"-1\""),
  ]

  @Test(arguments: breakages)
  func reportsFaults(breakage: Breakage) {
    let result = Fixture.load(breakage.text)
    #expect(Fixture.findings(result) == breakage.findings)
    #expect(result.configuration == nil)
  }

  @Test func acceptsProvidersOverTLS() throws {
    let text = Fixture.minimal.replacing("http://127.0.0.1:9000", with: "https://idp.example.com")
    #expect(try rules(Fixture.load(text)).issuer == "https://idp.example.com")
    #expect(try rules(Fixture.load(text)).providerCA == nil)
    let trusted = text + "      provider_ca: /etc/idp.pem\n"
    #expect(try rules(Fixture.load(trusted)).providerCA == "/etc/idp.pem")
  }

  private static let mutualTLS = """
    listeners:
      - address: 127.0.0.1:8443
        tls: {certificates: [{certificate: /c.pem, key: /k.pem}], client_ca: /ca.pem}
    """

  @Test func bindsTokensAndRoutesToClientCertificates() throws {
    let bound = Fixture.minimal + "      certificate_bound_tokens: true\n"
    #expect(try rules(Fixture.load(bound + Self.mutualTLS)).certificateBoundTokens)
    let named = Fixture.minimal + "      allowed_certificate_subjects: [\"CN=a,O=b\", CN=c]\n"
    #expect(try rules(Fixture.load(named + Self.mutualTLS)).allowedCertificateSubjects == ["CN=a,O=b", "CN=c"])
    #expect(try !rules(Fixture.load(Fixture.minimal)).certificateBoundTokens)
    #expect(try rules(Fixture.load(Fixture.minimal)).allowedCertificateSubjects.isEmpty)
  }

  @Test func conditionsOnCertificatesNeedAListenerThatAsksForThem() {
    let text =
      Fixture.minimal + """
              certificate_bound_tokens: true
              allowed_certificate_subjects: [CN=a]

        """
    let refused = "no listener asks clients for a certificate, so every request would be refused"
    let findings = [
      "9:33: error: \(Self.at).certificate_bound_tokens: \(refused)",
      "10:37: error: \(Self.at).allowed_certificate_subjects: \(refused)",
    ]
    #expect(Fixture.findings(text) == findings)
    #expect(Fixture.findings(text + Self.mutualTLS.replacing(", client_ca: /ca.pem", with: "")) == findings)
    #expect(Fixture.findings(text + Self.mutualTLS) == [])
    // With a fault in the listeners, nothing can be said about this one.
    #expect(
      Fixture.findings(text + Self.mutualTLS.replacing("/k.pem", with: "k.pem")) == [
        "13:53: error: listeners[0].tls.certificates[0].key: \"k.pem\" is not an absolute path"
      ])
  }

  @Test func acceptsAPlaintextProviderThatIsSpelledOut() throws {
    let text =
      Fixture.minimal.replacing("127.0.0.1:9000", with: "idp.internal")
      + "      allow_plaintext_provider: true\n"
    #expect(try rules(Fixture.load(text)).discoveryURLs.map(\.host) == ["idp.internal"])
  }

  @Test(arguments: ["allowed_clients: [a]", "allowed_audience: [a]"])
  func eitherKindOfBindingIsEnough(binding: String) {
    let text = Fixture.minimal.replacing("allowed_audience: [aud]", with: binding)
    #expect(Fixture.load(text).diagnostics.isEmpty)
  }

  @Test func doubtsScopeRulesWithoutScopes() {
    let result = Fixture.load(Fixture.minimal + "      scope_match: all\n      scope_hierarchy: {a: [b]}\n")
    #expect(
      Fixture.findings(result) == [
        "9:20: warning: \(Self.at).scope_match: scope_match has no effect without allowed_scopes",
        "10:24: warning: \(Self.at).scope_hierarchy: scope_hierarchy has no effect without allowed_scopes",
      ])
    #expect(result.configuration != nil)
    #expect(Fixture.findings(Fixture.minimal + "      scope_match: any\n") == [])
  }

  @Test func doubtsScopesThatAreNotOfTheResource() {
    let result = Fixture.load(
      Fixture.minimal
        + "      allowed_scopes: [openid, a, email]\n      advertised_scope_mapping: {a: profile, email: "
        + "mail}\n"
    )
    let doubt = "which is not a scope of a resource"
    #expect(
      Fixture.findings(result) == [
        "9:24: warning: \(Self.at).allowed_scopes[0]: clients will be told to ask for \"openid\", \(doubt)",
        "10:37: warning: \(Self.at).advertised_scope_mapping.a: clients will be told to ask for "
          + "\"profile\", \(doubt)",
      ])
    #expect(result.configuration != nil)
  }
}
