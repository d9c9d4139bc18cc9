import Testing

@testable import Configuration

struct IntrospectionConfigurationTests {
  private static let at = "routes[0].authorization.introspection"

  private func load(_ members: String, _ more: String = "") -> LoadResult {
    Fixture.load(
      Fixture.minimal + "      introspection: {\(members)}\n\(more)", environment: ["S": "hidden"])
  }

  private func introspection(_ members: String) throws -> IntrospectionConfiguration {
    let result = load(members)
    #expect(Fixture.findings(result) == [])
    return try #require(Fixture.providers(result).first?.introspection)
  }

  @Test func fillsInEveryDefault() throws {
    let introspection = try introspection("client_id: gateway, client_secret: \"${S}\"")
    #expect(introspection.endpoint == nil)
    #expect(introspection.clientID == "gateway")
    #expect(introspection.authentication == .secretBasic(Secret("hidden", written: "${S}")))
    #expect(introspection.tokens == .opaque)
    #expect(introspection.cache == .seconds(60))
    #expect(introspection.negativeCache == .seconds(10))
    #expect(introspection.timeout == .seconds(5))
    #expect(introspection.maxRequests == 64)
  }

  @Test func readsEveryValue() throws {
    let introspection = try introspection(
      """
      endpoint: "https://idp.example/introspect", client_id: gateway, private_key: /k.pem, key_id: k1,
             auth_method: private_key_jwt, tokens: all, cache: 0s, negative_cache: 5m, timeout: 100ms, max_requests: 1
      """)
    #expect(introspection.endpoint?.description == "https://idp.example/introspect")
    #expect(introspection.authentication == .privateKeyJWT(keyFile: "/k.pem", keyID: "k1"))
    #expect(introspection.tokens == .all)
    #expect(introspection.cache == .zero)
    #expect(introspection.negativeCache == .seconds(300))
    #expect(introspection.timeout == .milliseconds(100))
    #expect(introspection.maxRequests == 1)
  }

  @Test(arguments: [
    ("client_secret: \"${S}\"", ClientAuthentication.secretBasic(Secret("hidden", written: "${S}"))),
    (
      "client_secret: \"${S}\", auth_method: client_secret_basic",
      .secretBasic(Secret("hidden", written: "${S}"))
    ),
    ("client_secret: \"${S}\", auth_method: client_secret_post", .secretPost(Secret("hidden", written: "${S}"))),
    ("private_key: /k.pem", .privateKeyJWT(keyFile: "/k.pem", keyID: nil)),
  ])
  func authenticates(_ members: String, _ authentication: ClientAuthentication) throws {
    #expect(try introspection("client_id: a, " + members).authentication == authentication)
  }

  /// Columns count from the start of the members.
  @Test(arguments: [
    ("client_secret: \"${S}\"", -1, ".client_id: is missing"),
    ("client_id: a", -1, ".client_secret: is missing"),
    ("client_id: a, client_secret: \"${S}\", private_key: /k", 50, ".private_key: two ways to authenticate are given"),
    ("client_id: a, client_secret: \"${S}\", key_id: k", 45, ".key_id: key_id goes with private_key only"),
    (
      "client_id: a, client_secret: \"${S}\", auth_method: private_key_jwt", 50,
      ".auth_method: private_key_jwt needs a private_key"
    ),
    (
      "client_id: a, private_key: /k, auth_method: client_secret_post", 44,
      ".auth_method: client_secret_post needs a client_secret"
    ),
    (
      "client_id: a, private_key: /k, auth_method: none", 44,
      ".auth_method: expected client_secret_basic or client_secret_post or private_key_jwt, found \"none\""
    ),
    ("client_id: a, private_key: k", 27, ".private_key: \"k\" is not an absolute path"),
    (
      "client_id: a, private_key: /k, endpoint: http://idp.example/i", 41,
      ".endpoint: tokens and secrets sent over plain http can be read on the way"
    ),
    ("client_id: a, private_key: /k, tokens: jwt", 39, ".tokens: expected opaque or all, found \"jwt\""),
    (
      "client_id: a, private_key: /k, cache: 61m", 38,
      ".cache: expected a duration from 0ms to 1h, found \"61m\""
    ),
    (
      "client_id: a, private_key: /k, negative_cache: 6m", 47,
      ".negative_cache: expected a duration from 0ms to 5m, found \"6m\""
    ),
    (
      "client_id: a, private_key: /k, timeout: 99ms", 40,
      ".timeout: expected a duration from 100ms to 30s, found \"99ms\""
    ),
    (
      "client_id: a, private_key: /k, max_requests: 0", 45,
      ".max_requests: expected a whole number from 1 to 1000, found \"0\""
    ),
    ("client_id: a, private_key: /k, scope: s", 31, ".scope: unknown key \"scope\""),
  ])
  func reportsFaults(_ members: String, _ offset: Int, _ finding: String) {
    let result = load(members)
    #expect(Fixture.findings(result) == ["9:\(23 + offset): error: \(Self.at)\(finding)"])
    #expect(result.configuration == nil)
  }

  @Test func aTrustedNetworkMayCarryItInTheClear() {
    let result = load(
      "client_id: a, private_key: /k, endpoint: \"http://idp.example/i\"", "      allow_plaintext_provider: true\n")
    #expect(Fixture.findings(result) == [])
  }

  /// Without a discovery document, nothing names the endpoint.
  @Test(arguments: ["jwks_uri: https://idp.example/keys", "jwks_file: /keys.json"])
  func needsAnEndpointWithoutDiscovery(_ keys: String) {
    func findings(_ more: String) -> [String] {
      Fixture.findings(
        Fixture.authorization([
          "issuer: https://idp.example", keys, "allowed_audience: [a]",
          "introspection: {client_id: a, private_key: /k\(more)}",
        ]))
    }
    #expect(findings("") == ["10:22: error: \(Self.at).endpoint: is missing"])
    #expect(findings(", endpoint: \"https://idp.example/i\"") == [])
  }
}
