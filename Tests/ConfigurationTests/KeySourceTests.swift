import Configuration
import Testing

struct KeySourceTests {
  private static let at = "routes[0].authorization"
  private static let binding = "allowed_audience: [a]"

  @Test(arguments: [
    (
      "https://idp.example",
      [
        "https://idp.example/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server",
      ]
    ),
    (
      "https://idp.example/",
      [
        "https://idp.example/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server",
      ]
    ),
    (
      "https://idp.example:8443/realms/a",
      [
        "https://idp.example:8443/realms/a/.well-known/openid-configuration",
        "https://idp.example:8443/.well-known/oauth-authorization-server/realms/a",
        "https://idp.example:8443/.well-known/openid-configuration/realms/a",
      ]
    ),
    (
      "http://[::1]:9/a/",
      [
        "http://[::1]:9/a/.well-known/openid-configuration",
        "http://[::1]:9/.well-known/oauth-authorization-server/a",
        "http://[::1]:9/.well-known/openid-configuration/a",
      ]
    ),
  ])
  func findsTheMetadataOfAnIssuer(issuer: String, urls: [String]) throws {
    let result = Fixture.load(Fixture.authorization(["issuer: \"\(issuer)\"", Self.binding]))
    #expect(Fixture.findings(result) == [])
    let provider = try #require(Fixture.providers(result).first)
    #expect(provider.issuer == issuer)
    #expect(provider.discoveryURLs.map(\.description) == urls)
    let expanded = try #require(result.configuration).expanded()
    #expect(!expanded.contains("discovery_url"))
    #expect(Fixture.load(expanded).configuration == result.configuration)
  }

  @Test(arguments: ["https://keys.example/a", "https://keys.example/a?appid=1&b=%20/?", "https://keys.example?a"])
  func keysNeedNoMetadata(uri: String) throws {
    let url = Fixture.load(
      Fixture.authorization(["issuer: https://idp.example", "jwks_uri: \(uri)", Self.binding]))
    let remote = try #require(Fixture.providers(url).first)
    #expect(remote.jwksURI?.description == uri)
    #expect(remote.jwksFile == nil)
    #expect(remote.discoveryURLs == [])
    let expanded = try #require(url.configuration).expanded()
    #expect(Fixture.load(expanded).configuration == url.configuration)
  }

  @Test func filesNeedNoMetadata() throws {
    // Nothing is fetched here, so http needs no permission.
    let file = Fixture.load(
      Fixture.authorization(["issuer: http://idp.example", "jwks_file: /etc/keys.json", Self.binding]))
    let local = try #require(Fixture.providers(file).first)
    #expect(local.jwksFile == "/etc/keys.json")
    #expect(local.jwksURI == nil)
    #expect(local.discoveryURLs == [])
  }

  @Test(arguments: [
    (["jwks_uri: https://keys.example"], ["7:7: error: \(at).issuer: is missing"]),
    (["jwks_file: /keys.json"], ["7:7: error: \(at).issuer: is missing"]),
    (
      ["issuer: https://idp.example", "jwks_file: keys.json"],
      ["8:18: error: \(at).jwks_file: \"keys.json\" is not an absolute path"]
    ),
    (
      ["issuer: https://idp.example", "jwks_uri: keys"],
      ["8:17: error: \(at).jwks_uri: \"keys\" is not an absolute http or https URL"]
    ),
    (
      ["issuer: https://idp.example", "jwks_uri: \"https://keys.example/a?b#c\""],
      ["8:17: error: \(at).jwks_uri: a fragment cannot be part of this URL"]
    ),
    (
      ["issuer: https://idp.example", "jwks_uri: https://keys.example/a?b=%2"],
      ["8:17: error: \(at).jwks_uri: the path \"/a?b=%2\" has characters that a URL cannot have"]
    ),
    (
      ["issuer: https://idp.example", "jwks_uri: https://keys.example", "jwks_file: /keys.json"],
      ["9:18: error: \(at).jwks_file: jwks_uri says already where the keys are"]
    ),
    (
      ["discovery_url: https://idp.example/.well-known/openid-configuration", "jwks_uri: https://keys.example"],
      [
        "7:7: error: \(at).issuer: is missing",
        "8:17: error: \(at).jwks_uri: discovery_url says already where the keys are",
      ]
    ),
    (
      [
        "discovery_url: https://idp.example/.well-known/openid-configuration", "issuer: https://idp.example",
        "jwks_file: /keys.json",
      ],
      ["9:18: error: \(at).jwks_file: discovery_url says already where the keys are"]
    ),
    (
      ["issuer: http://idp.example"],
      ["7:15: error: \(at).issuer: keys fetched over plain http can be replaced on the way"]
    ),
    (
      ["issuer: https://idp.example", "jwks_uri: http://keys.example"],
      ["8:17: error: \(at).jwks_uri: keys fetched over plain http can be replaced on the way"]
    ),
    (["issuer: https://IDP.example"], ["7:15: error: \(at).issuer: scheme and host must be in lower case"]),
    (
      ["issuer: \"https://idp.example/{tenantid}/v2.0\""],
      ["7:15: error: \(at).issuer: \"https://idp.example/{tenantid}/v2.0\" has a gap for the tenant"]
    ),
    (
      ["discovery_url: \"https://idp.example/{tenant}/.well-known/openid-configuration\""],
      [
        "7:22: error: \(at).discovery_url: \"https://idp.example/{tenant}/.well-known/openid-configuration\" has a gap "
          + "for the tenant"
      ]
    ),
    (
      ["issuer: https://idp.example", "provider_proxy: https://proxy.internal:3128"],
      ["8:23: error: \(at).provider_proxy: the way to the proxy itself is not encrypted"]
    ),
    (
      ["issuer: https://idp.example", "provider_proxy: http://proxy.internal:3128/a"],
      ["8:23: error: \(at).provider_proxy: a path cannot be part of a proxy's URL"]
    ),
  ])
  func reportsFaults(lines: [String], findings: [String]) {
    let result = Fixture.load(Fixture.authorization(lines + [Self.binding]))
    #expect(Fixture.findings(result) == findings)
    #expect(result.configuration == nil)
  }

  @Test func aNetworkCanBeTrusted() {
    let trusted = ["allow_plaintext_provider: true", Self.binding]
    for line in ["issuer: http://idp.internal", "issuer: http://a.example\n      jwks_uri: http://idp.internal/keys"] {
      #expect(Fixture.findings(Fixture.authorization([line] + trusted)) == [])
    }
  }
}
