import Configuration
import JSON
import Testing

@testable import Onboarding

struct AgentCoreImportTests {
  @Test func carriesOverWhatDecidesAboutTokens() throws {
    let outcome = try ImportFixture.run(ImportFixture.gateway())
    #expect(outcome.remarks.isEmpty)
    #expect(outcome.isComplete)
    let route = try #require(outcome.configuration?.routes.first)
    #expect(route.path == "/mcp")
    #expect(route.name == "one")
    #expect(route.upstream.url.description == "https://server.example.com/mcp")
    let rules = try #require(route.rules)
    #expect(rules.issuer == "https://idp.example.com")
    #expect(rules.allowedAudience == ["api://tools"])
    #expect(rules.allowedClients == ["one", "two"])
    #expect(rules.clientIDClaims == ["client_id"])
    #expect(rules.allowedScopes == ["tools.read"])
    #expect(rules.scopeClaims == ["scope", "scp"])
    #expect(rules.advertisedScopes == ["api://tools/tools.read"])
    #expect(rules.customClaims == [.claim("groups", .containsAny(["staff", "admin"]))])
  }

  @Test func isOnlyWhatItsConditionsAre() throws {
    let authorizer: JSONObject = [
      "discoveryUrl": "https://idp.example.com/.well-known/openid-configuration", "allowedClients": ["one"],
    ]
    let rules = try #require(
      try ImportFixture.run(ImportFixture.gateway(authorizer: authorizer)).configuration?.routes.first?.rules)
    #expect(rules.allowedAudience.isEmpty)
    #expect(rules.allowedScopes.isEmpty)
    #expect(rules.customClaims.isEmpty)
  }

  @Test func severalTargetsHavePathsOfTheirOwn() throws {
    let targets = ["weather", "Weather", "../admin", "a b", ".well-known", "mcp"].map { ImportFixture.target($0) }
    let outcome = try ImportFixture.run(ImportFixture.gateway(), targets)
    #expect(
      outcome.configuration?.routes.map(\.path) == [
        "/weather/mcp", "/Weather-2/mcp", "/target-3/mcp", "/target-4/mcp", "/target-5/mcp", "/mcp/mcp",
      ])
    #expect(outcome.places == ["note gateway.json"])
    #expect(outcome.yaml.contains("# The target \"../admin\"."))
  }

  @Test func targetsMayComeInOneFile() throws {
    let list: JSONValue = ["items": [ImportFixture.target("one"), ImportFixture.target("two")], "nextToken": "x"]
    let array: JSONValue = [ImportFixture.target("three")]
    let gateway = ImportFixture.gateway(["targets": [ImportFixture.target("zero")]])
    let outcome = try ImportFixture.run(gateway, [list, array])
    #expect(outcome.configuration?.routes.map(\.name) == ["zero", "one", "two", "three"])
    #expect(outcome.isComplete)
  }

  @Test func upstreamStandsInForTargets() throws {
    let upstream = AgentCoreImport.Options(upstream: "http://127.0.0.1:8000/mcp")
    let alone = try ImportFixture.run(ImportFixture.gateway(), [], upstream)
    #expect(alone.configuration?.routes.first?.upstream.url.description == "http://127.0.0.1:8000/mcp")
    let unused = try ImportFixture.run(ImportFixture.gateway(), [ImportFixture.target("one")], upstream)
    #expect(unused.places == ["note --upstream"])
    #expect(unused.configuration?.routes.first?.upstream.url.host == "server.example.com")
  }

  @Test(
    arguments: [
      (nil, "mcp.example.com", "https://mcp.example.com", [String]()),
      (
        "https://other.example", "mcp.example.com", "https://other.example",
        ["note gateway.json: domainOverride.default"]
      ),
      (nil, "MCP.example.com/x", "http://127.0.0.1:8080", ["left out gateway.json: domainOverride.default"]),
      ("http://127.0.0.1:9000", nil, "http://127.0.0.1:9000", []),
    ] as [(String?, String?, String, [String])])
  func publicURL(option: String?, domain: String?, url: String, places: [String]) throws {
    let more: JSONObject = domain.map { ["domainOverride": ["default": .string($0)]] } ?? [:]
    let outcome = try ImportFixture.run(
      ImportFixture.gateway(more), [ImportFixture.target("one")], AgentCoreImport.Options(publicURL: option))
    #expect(outcome.configuration?.publicURL.description == url)
    #expect(outcome.places == places)
    if url == "http://127.0.0.1:9000" { #expect(outcome.yaml.contains("- address: \"127.0.0.1:9000\"")) }
  }

  @Test func alternateDomainsAreAccepted() throws {
    let override: JSONValue = ["default": "a.example", "alternateDomains": ["b.example", "no host"]]
    let outcome = try ImportFixture.run(ImportFixture.gateway(["domainOverride": override]))
    #expect(outcome.configuration?.allowedHosts == ["b.example"])
    let place = "gateway.json: domainOverride.alternateDomains"
    #expect(outcome.places == ["note \(place)", "left out \(place)"])
  }

  /// A configuration that `check` refuses is not a complete import: here any token would do.
  @Test func findingsOfTheConfigurationAreRemarks() throws {
    let authorizer: JSONObject = [
      "discoveryUrl": "https://idp.example.com/.well-known/openid-configuration", "allowedScopes": ["a", "b c"],
    ]
    let outcome = try ImportFixture.run(
      ImportFixture.gateway(authorizer: authorizer), [ImportFixture.target("one"), ImportFixture.target("two")])
    #expect(!outcome.isComplete)
    #expect(
      outcome.places == [
        "note gateway.json", "ACCESS the configuration: routes[0].authorization",
        "ACCESS the configuration: routes[0].authorization.allowed_scopes[1]",
      ])
  }

  @Test(arguments: [
    "plain", "${HOME}", "$${HOME}", "${file:/etc/passwd}", "a: b", "- a", "# a", "\"", "'", "\\", "*a", "&a", "!!int 1",
    "true", "null", "~", "0x1F", "{a: b}", "[a]", "a #b", "|", ">", "%YAML", "---", "...", "@a", "`a", "é",
    "a\\nroutes: []", "<<",
  ])
  func stringsStayStrings(text: String) throws {
    var authorizer = ImportFixture.authorizer
    authorizer["allowedAudience"] = [.string(text)]
    authorizer["customClaims"] = [
      [
        "inboundTokenClaimName": .string(text), "inboundTokenClaimValueType": "STRING",
        "authorizingClaimMatchValue": [
          "claimMatchOperator": "EQUALS", "claimMatchValue": ["matchValueString": .string(text)],
        ],
      ]
    ]
    let outcome = try ImportFixture.run(
      ImportFixture.gateway(authorizer: authorizer, ["name": .string(text)]), [ImportFixture.target(text)])
    #expect(outcome.isComplete)
    let rules = try #require(outcome.configuration?.routes.first?.rules)
    #expect(rules.allowedAudience == [text])
    #expect(rules.customClaims == [.claim(text, .equals(text))])
  }

  /// Neither a value nor a comment can begin a line of its own.
  @Test(arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{0}", "\u{B}", "\t"])
  func lineBreaksAddNothing(text: String) throws {
    let hostile = "x\(text)routes: []\(text)#"
    let gateway = ImportFixture.gateway(["name": .string(hostile), hostile: .string(hostile)])
    let outcome = try ImportFixture.run(gateway, [ImportFixture.target(hostile)])
    #expect(outcome.configuration?.routes.map(\.path) == ["/mcp"])
    #expect(outcome.places.count == 1)
    #expect(outcome.remarks.allSatisfy { !$0.rendered.dropLast($0.remedy.count + 13).contains(where: \.isNewline) })
  }

  @Test(arguments: [
    ("AWS_IAM", "gateway.json: authorizerType"), ("AUTHENTICATE_ONLY", "gateway.json: authorizerType"),
    ("SOMETHING", "gateway.json: authorizerType"),
  ])
  func refusesOtherAuthorizers(type: String, place: String) {
    let error = #expect(throws: ImportRefusal.self) { try ImportFixture.run(ImportFixture.gateway(type: type)) }
    #expect(error?.remark.place == place)
    #expect(error?.isUnreadable == false)
  }

  @Test func openGatewaysStayOpenAndSayIt() throws {
    let gateway = ImportFixture.gateway(type: "NONE", ["authorizerConfiguration": .null])
    let outcome = try ImportFixture.run(gateway)
    #expect(outcome.configuration?.routes.first?.authorization == .anonymous)
    #expect(outcome.places == ["WARNING gateway.json: authorizerType"])
    #expect(outcome.isComplete)
  }

  @Test(arguments: [
    ("{\"a\":1,\n  \"a\":2}", "x.json:2:3", true), ("", "x.json:1:1", true), ("{", "x.json:1:2", true),
    ("\u{FEFF}{}", "x.json:1:1", true), ("[]", "x.json", false), ("{}", "x.json", false), ("1", "x.json", false),
    ("{\"items\":[]}", "x.json", false), ("{\"targetId\":\"a\"}", "x.json", false),
    ("{\"authorizerType\":null}", "x.json: authorizerType", false),
    ("{\"authorizerType\":[]}", "x.json: authorizerType", false),
    ("{\"authorizerType\":\"CUSTOM_JWT\"}", "x.json: authorizerConfiguration", false),
    (
      "{\"authorizerType\":\"CUSTOM_JWT\",\"authorizerConfiguration\":{\"customJWTAuthorizer\":{}}}",
      "x.json: authorizerConfiguration.customJWTAuthorizer.discoveryUrl", false
    ),
    ("{\"authorizerType\":\"NONE\"}", "x.json", false),
  ])
  func refusesWhatIsNoGateway(text: String, place: String, isUnreadable: Bool) {
    let document = AgentCoreImport.Document(name: "x.json", text: text)
    let error = #expect(throws: ImportRefusal.self) {
      try AgentCoreImport.run([document], AgentCoreImport.Options())
    }
    #expect(error?.remark.place == place)
    #expect(error?.isUnreadable == isUnreadable)
  }

  @Test func refusesTwoGateways() {
    let error = #expect(throws: ImportRefusal.self) {
      try ImportFixture.run(ImportFixture.gateway(), [ImportFixture.gateway()])
    }
    #expect(error?.remark.place == "target1.json")
  }
}
