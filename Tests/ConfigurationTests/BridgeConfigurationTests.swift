import Configuration
import Testing

struct BridgeConfigurationTests {
  private static func bridge(_ text: String) throws -> BridgeConfiguration {
    let result = Fixture.load(text)
    #expect(Fixture.findings(result) == [])
    return try #require(result.configuration?.bridges.first)
  }

  @Test func fillsInEveryDefault() throws {
    let bridge = try Self.bridge(Fixture.bridged())
    #expect(bridge.name == "corporate")
    #expect(bridge.path == "/oauth")
    #expect(bridge.prefix == "/oauth")
    #expect(bridge.publicURL.description == "https://mcp.example.com")
    #expect(bridge.issuer == "https://mcp.example.com/oauth")
    #expect(bridge.sealingKeys == .file("/etc/portcullis/bridge.keys"))
    #expect(bridge.clientID == "gateway")
    #expect(bridge.clientAuthentication == nil)
    #expect(bridge.tokens == .passthrough)
    #expect(bridge.wrappedClaims == .accessToken)
    #expect(bridge.wrappedTokenLifetime == .seconds(3600))
    #expect(bridge.refreshTokenLifetime == .seconds(90 * 86_400))
    #expect(bridge.scopePrefix == nil)
    #expect(bridge.extraScopes.isEmpty && bridge.droppedScopes.isEmpty)
    #expect(bridge.resource == nil && bridge.audience == nil)
    #expect(bridge.authorizationParameters.isEmpty)
    #expect(!bridge.refreshWithScope)
    #expect(bridge.authorizationEndpoint == nil && bridge.tokenEndpoint == nil && bridge.revocationEndpoint == nil)
    #expect(bridge.clients.isEmpty)
    #expect(bridge.registration)
    #expect(bridge.registrationLimit == 30)
    #expect(bridge.registrationLifetime == .seconds(365 * 86_400))
    let documents = bridge.clientMetadataDocuments
    #expect(documents.isEnabled && documents.allowedHosts == nil && documents.internalHosts.isEmpty)
    #expect(documents.ca == nil)
    #expect(bridge.rememberConsent == .seconds(30 * 86_400))
  }

  @Test func theIssuerOfARootBridgeIsTheOrigin() throws {
    let bridge = try Self.bridge(Fixture.bridged(["path: /", "public_url: http://localhost:8080"]))
    #expect(bridge.prefix == "")
    #expect(bridge.issuer == "http://localhost:8080")
  }

  @Test func readsClientsAndDocuments() throws {
    let bridge = try Self.bridge(
      Fixture.bridged([
        "clients: [{client_id: kiro, client_name: Kiro, redirect_uris: ['http://localhost/oauth/callback']}]",
        "client_metadata_documents: {allowed_hosts: [claude.ai, '*.corp.example'], "
          + "internal_hosts: [a.corp, 10.0.0.1], ca: /ca.pem}",
        "registration: false",
      ]))
    let client = try #require(bridge.clients.first)
    #expect(client.clientID == "kiro" && client.clientName == "Kiro")
    #expect(client.redirectURIs == ["http://localhost/oauth/callback"])
    let documents = bridge.clientMetadataDocuments
    #expect(documents.allowedHosts == ["claude.ai", "*.corp.example"])
    #expect(documents.internalHosts == ["a.corp", "10.0.0.1"])
    #expect(documents.ca == "/ca.pem")
    #expect(!bridge.registration)
  }
}
