import Configuration
import JSON
import Testing

@testable import Diagnosis

struct BridgeFindingsTests {
  private static let issuer = "https://mcp.example.com/oauth"

  private static func answer(
    _ changes: [(String, JSONValue?)] = [], status: Int = 200, origin: String? = "*"
  ) -> ProbeAnswer {
    var members: JSONObject = [
      "issuer": .string(issuer), "authorization_endpoint": .string("\(issuer)/authorize"),
      "token_endpoint": .string("\(issuer)/token"), "registration_endpoint": .string("\(issuer)/register"),
    ]
    for (name, value) in changes { members[name] = value }
    let fields = origin.map { [(name: "access-control-allow-origin", value: $0)] } ?? []
    return .response(ProbeAnswer.Response(status, fields, body: JSONValue.object(members).serialized()))
  }

  private static let table: [(ProbeAnswer, Finding.Severity, String)] = [
    (answer(), .ok, "issuer and endpoints as configured"), (.failed("refused"), .problem, "refused"),
    (answer(status: 404), .problem, "status 404"),
    (.response(ProbeAnswer.Response(200, [], body: Array("<html>".utf8))), .problem, "not a JSON object"),
    (
      answer([("issuer", "https://mcp.example.com/")]), .problem,
      "issuer is \"https://mcp.example.com/\", and clients want \"\(issuer)\""
    ),
    (answer([("issuer", nil)]), .problem, "issuer is (none)"),
    (answer([("token_endpoint", "https://idp.example.com/token")]), .problem, "token_endpoint is"),
    (answer([("authorization_endpoint", nil)]), .problem, "authorization_endpoint is (none)"),
    (answer([("registration_endpoint", nil)]), .warning, "register"), (answer(origin: nil), .warning, "other origins"),
  ]

  @Test(arguments: table)
  func theMetadata(_ answer: ProbeAnswer, _ severity: Finding.Severity, _ words: String) throws {
    let findings = BridgeFindings(bridge: try #require(try Fixture.bridge()))
    #expect(findings.metadataURL == "https://mcp.example.com/.well-known/oauth-authorization-server/oauth")
    let finding = findings.ofMetadata(answer)
    #expect(finding.severity == severity)
    #expect(finding.message.contains(words), "\(finding.message)")
    #expect((finding.remedy == nil) == (severity == .ok))
  }

  @Test func aBridgeAtTheRoot() throws {
    let findings = BridgeFindings(bridge: try #require(try Fixture.bridge(["path: /", "registration: false"])))
    #expect(findings.metadataURL == "https://mcp.example.com/.well-known/oauth-authorization-server")
    let here = "https://mcp.example.com"
    let answer = Self.answer([
      ("issuer", .string(here)), ("token_endpoint", .string("\(here)/token")),
      ("authorization_endpoint", .string("\(here)/authorize")), ("registration_endpoint", nil),
    ])
    #expect(findings.ofMetadata(answer).severity == .ok)
    #expect(findings.redirect.message.hasSuffix("client gateway: https://mcp.example.com/callback"))
  }

  @Test func theEndpointsOfTheProvider() throws {
    let findings = BridgeFindings(bridge: try #require(try Fixture.bridge()))
    let both: JSONValue = ["authorization_endpoint": "https://idp/a", "token_endpoint": "https://idp/t"]
    #expect(findings.ofProvider(both).severity == .ok)
    #expect(findings.ofProvider(["token_endpoint": "https://idp/t"]).message.contains("no authorization_endpoint"))
    #expect(findings.ofProvider(nil).severity == .problem)
    let written = try Fixture.bridge([
      "authorization_endpoint: https://idp.example.com/a", "token_endpoint: https://idp.example.com/t",
    ])
    #expect(BridgeFindings(bridge: try #require(written)).ofProvider(nil).severity == .ok)
  }
}
