import Configuration
import Testing

@testable import Onboarding

/// What `init` needs for a provider, and what it makes of it.
struct InitCase: Sendable, CustomTestStringConvertible {
  let provider: ProviderPreset
  var shortcuts: [InitOption: String] = [:]
  var clientID: String?
  var audiences: [String] = []
  let issuer: String
  let audience: [String]
  var scopes: [String] = ["mcp:tools"]

  var testDescription: String { "\(provider) \(issuer)" }

  func request(_ change: (inout InitRequest) -> Void = { _ in }) -> InitRequest {
    var request = InitRequest(provider: provider, upstream: "http://127.0.0.1:8000/mcp")
    request.shortcuts = shortcuts
    request.clientID = clientID
    request.audiences = audiences
    request.publicURL = "https://mcp.example.com"
    change(&request)
    return request
  }

  static let resource = "https://mcp.example.com/mcp"
  static let guid = "11111111-2222-3333-4444-555555555555"
  static let api = "66666666-7777-8888-9999-000000000000"

  static let all = [
    InitCase(
      provider: .okta, shortcuts: [.domain: "example.okta.com"],
      issuer: "https://example.okta.com/oauth2/default", audience: ["api://default"]),
    InitCase(
      provider: .okta, shortcuts: [.domain: "example.okta.com", .authorizationServer: "aus1"],
      issuer: "https://example.okta.com/oauth2/aus1", audience: [resource]),
    InitCase(
      provider: .entra, shortcuts: [.tenant: guid], audiences: [api],
      issuer: "https://login.microsoftonline.com/\(guid)/v2.0", audience: [api, resource], scopes: ["mcp.tools"]),
    InitCase(
      provider: .cognito, shortcuts: [.region: "eu-central-1", .userPool: "eu-central-1_Ab12"], clientID: "client",
      issuer: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12", audience: [], scopes: ["mcp/tools"]),
    InitCase(
      provider: .auth0, shortcuts: [.domain: "example.eu.auth0.com"], issuer: "https://example.eu.auth0.com/",
      audience: [resource]),
    InitCase(
      provider: .keycloak, shortcuts: [.baseURL: "https://sso.example.com/", .realm: "example"],
      issuer: "https://sso.example.com/realms/example", audience: [resource]),
    InitCase(
      provider: .google, clientID: "1.apps.googleusercontent.com", issuer: "https://accounts.google.com",
      audience: ["1.apps.googleusercontent.com"], scopes: []),
    InitCase(
      provider: .ping, shortcuts: [.environment: guid], issuer: "https://auth.pingone.com/\(guid)/as",
      audience: [resource]),
    InitCase(
      provider: .ping, shortcuts: [.environment: guid, .region: "eu"], issuer: "https://auth.pingone.eu/\(guid)/as",
      audience: [resource]),
    InitCase(
      provider: .workos, shortcuts: [.domain: "example.authkit.app"], issuer: "https://example.authkit.app",
      audience: [resource], scopes: []),
    InitCase(
      provider: .descope, shortcuts: [.project: "P1"], issuer: "https://api.descope.com/P1", audience: [resource]),
    InitCase(
      provider: .descope, shortcuts: [.project: "P1", .mcpServer: "M1"],
      issuer: "https://api.descope.com/v1/apps/agentic/P1/M1", audience: [resource, "P1"]),
  ]
}

struct InitPlanTests {
  @Test(arguments: InitCase.all)
  func loads(example: InitCase) throws {
    let plan = try InitPlan(example.request())
    let configuration = try #require(ImportFixture.load(plan.yaml).configuration, "\(plan.yaml)")
    let route = try #require(configuration.routes.first)
    #expect(configuration.publicURL.description == "https://mcp.example.com")
    #expect(route.name == "tools")
    #expect(route.location == InitCase.resource)
    let rules = try #require(route.rules)
    #expect(rules.provider == example.provider)
    #expect(rules.issuer == example.issuer)
    #expect(rules.allowedAudience == example.audience)
    #expect(rules.allowedClients == (example.clientID.map { [$0] } ?? []))
    #expect(rules.allowedScopes == example.scopes)
    #expect(plan.guidance.contains(InitCase.resource))
    #expect(plan.warnings.map(\.message) == ImportFixture.load(plan.yaml).diagnostics.map(\.message))
  }

  /// Options that every provider takes.
  @Test(arguments: InitCase.all)
  func takesEveryOption(example: InitCase) throws {
    let plan = try InitPlan(
      example.request {
        $0.issuer = "https://other.example/x/"
        $0.publicURL = nil
        $0.path = "/github/mcp"
        $0.clientID = "me"
        $0.scopes = ["a", "b"]
        $0.audiences = [InitCase.api, "urn:x"]
      })
    let route = try #require(ImportFixture.load(plan.yaml).configuration?.routes.first)
    #expect(route.location == "http://127.0.0.1:8080/github/mcp")
    #expect(route.name == "github")
    let rules = try #require(route.rules)
    #expect(rules.issuer == "https://other.example/x/")
    #expect(rules.allowedAudience.starts(with: [InitCase.api, "urn:x"]))
    #expect(rules.allowedClients == ["me"])
    #expect(rules.allowedScopes == ["a", "b"])
    #expect(plan.guidance.contains("--client-id me --callback-port 8090 github http://127.0.0.1:8080/github/mcp"))
  }

  @Test func genericNeedsAnIssuer() throws {
    let request = InitRequest(provider: .generic, upstream: "http://127.0.0.1:8000/mcp")
    #expect(throws: InitFault.self) { try InitPlan(request) }
    var complete = request
    complete.issuer = "http://127.0.0.1:9000"
    let rules = try #require(
      ImportFixture.load(try InitPlan(complete).yaml).configuration?.routes.first?.rules)
    #expect(rules.allowedAudience == ["http://127.0.0.1:8080/mcp"])
  }

  @Test func entraTranslatesScopes() throws {
    let example = try #require(InitCase.all.first { $0.provider == .entra })
    let far = try InitPlan(example.request())
    #expect(
      ImportFixture.load(far.yaml).configuration?.routes.first?.rules?.advertisedScopes
        == ["https://mcp.example.com/mcp/mcp.tools"])
    let near = try InitPlan(example.request { $0.publicURL = nil })
    #expect(
      ImportFixture.load(near.yaml).configuration?.routes.first?.rules?.advertisedScopes
        == ["api://\(InitCase.api)/mcp.tools"])
    // Clients that must be told ask for what the provider knows.
    #expect(far.guidance.contains(#""oauthScopes": ["https://mcp.example.com/mcp/mcp.tools"]"#))
  }

  /// A change to a good request, and the option that the fault names.
  @Test(
    arguments: [
      (ProviderPreset.okta, "--domain", { @Sendable in $0.shortcuts = [:] }),
      (.okta, "--domain", { $0.shortcuts[.domain] = "https://example.okta.com" }),
      (.okta, "--domain", { $0.shortcuts[.domain] = "" }),
      (.okta, "--domain or --issuer", { $0.shortcuts[.domain] = "Example.okta.com" }),
      (.okta, "--tenant", { $0.shortcuts[.tenant] = "x" }), (.entra, "--audience", { $0.audiences = [] }),
      (.entra, "--tenant", { $0.shortcuts[.tenant] = "contoso.onmicrosoft.com" }),
      (.entra, "--tenant", { $0.shortcuts[.tenant] = "common" }), (.cognito, "--client-id", { $0.clientID = nil }),
      (.cognito, "--user-pool", { $0.shortcuts[.userPool] = nil }), (.google, "--client-id", { $0.clientID = nil }),
      (.keycloak, "--base-url", { $0.shortcuts[.baseURL] = "sso.example.com" }),
      (.keycloak, "--realm", { $0.shortcuts[.realm] = ".." }), (.keycloak, "--realm", { $0.shortcuts[.realm] = "a/b" }),
      (.auth0, "--domain or --issuer", { $0.issuer = "https://example.eu.auth0.com" }),
      (.workos, "--domain or --issuer", { $0.issuer = "http://far.example" }),
      (.okta, "--upstream", { $0 = InitRequest(provider: .okta, upstream: "localhost", like: $0) }),
      (.okta, "--public-url", { $0.publicURL = "http://mcp.example.com" }),
      (.okta, "--public-url", { $0.publicURL = "https://mcp.example.com/" }), (.okta, "--path", { $0.path = "mcp" }),
      (.okta, "--path", { $0.path = "/mcp/" }), (.okta, "--scope", { $0.scopes = ["a b"] }),
      (.okta, "--audience", { $0.audiences = ["a\nb"] }), (.okta, "--client-id", { $0.clientID = "" }),
    ] as [(ProviderPreset, String, @Sendable (inout InitRequest) -> Void)])
  func namesTheOption(provider: ProviderPreset, option: String, change: @Sendable (inout InitRequest) -> Void) throws {
    let example = try #require(InitCase.all.first { $0.provider == provider })
    let fault = #expect(throws: InitFault.self) { try InitPlan(example.request(change)) }
    #expect(fault?.option == option)
    #expect(fault?.remedy.isEmpty == false)
  }

  @Test(arguments: [
    ("/", "tools", "https://mcp.example.com"), ("/mcp", "tools", "https://mcp.example.com/mcp"),
    ("/a/b", "a", "https://mcp.example.com/a/b"), ("/a~b", "tools", "https://mcp.example.com/a~b"),
  ])
  func namesTheServer(path: String, name: String, url: String) throws {
    let plan = try InitPlan(InitCase.all[0].request { $0.path = path })
    let route = try #require(ImportFixture.load(plan.yaml).configuration?.routes.first)
    #expect(route.name == name)
    #expect(route.location == url)
    #expect(plan.guidance.contains("[mcp_servers.\(name)]"))
  }

  /// Where clients cannot register, the identifier is marked as missing.
  @Test(arguments: InitCase.all)
  func marksUnknownClients(example: InitCase) throws {
    let guide = ProviderGuide.of(example.provider)
    let isMarked = try InitPlan(example.request()).guidance.contains(Guidance.unknownClient)
    #expect(isMarked == (example.clientID == nil && !guide.registersClients))
  }
}

extension InitRequest {
  init(provider: ProviderPreset, upstream: String, like other: InitRequest) {
    self.init(provider: provider, upstream: upstream)
    shortcuts = other.shortcuts
  }
}
