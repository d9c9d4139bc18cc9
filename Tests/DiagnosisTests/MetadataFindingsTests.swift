import JSON
import Testing

@testable import Diagnosis

struct MetadataFindingsTests {
  private let findings = MetadataFindings(
    resource: "https://mcp.example.com/mcp", issuers: ["https://idp.example.com"], scopes: ["mcp:tools"])
  private static let url = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"

  private static func document(_ changes: [(String, JSONValue?)] = []) -> [UInt8] {
    var members: JSONObject = [
      "resource": "https://mcp.example.com/mcp", "authorization_servers": ["https://idp.example.com"],
      "scopes_supported": ["mcp:tools"],
    ]
    for (name, value) in changes { members[name] = value }
    return JSONValue.object(members).serialized()
  }

  private static func answer(
    _ body: [UInt8], status: Int = 200, type: String = "application/json", origin: String? = "*"
  ) -> ProbeAnswer {
    var fields = [(name: "content-type", value: type)]
    if let origin { fields.append((name: "access-control-allow-origin", value: origin)) }
    return .response(ProbeAnswer.Response(status, fields, body: body))
  }

  private static let table: [(ProbeAnswer, Finding.Severity, String)] = [
    (answer(document()), .ok, "as configured"),
    (.failed("no answer in time"), .problem, "no answer in time"),
    (answer(document(), status: 404), .problem, "status 404"),
    (answer(Array("<html>".utf8)), .problem, "not a JSON object"),
    (answer(document(), type: "text/plain"), .problem, "type \"text/plain\""),
    (
      answer(document([("resource", "http://mcp.example.com/mcp")])), .problem,
      "resource is \"http://mcp.example.com/mcp\", and clients want \"https://mcp.example.com/mcp\""
    ),
    (answer(document([("resource", "https://mcp.example.com/mcp/")])), .problem, "byte for byte"),
    (answer(document([("resource", nil)])), .problem, "resource is (none)"),
    (
      answer(document([("authorization_servers", ["https://idp.example.com/"])])), .problem,
      "authorization_servers is https://idp.example.com/, not https://idp.example.com"
    ),
    (answer(document([("scopes_supported", ["other"])])), .warning, "scopes_supported"),
    (answer(document(), origin: nil), .warning, "pages of other origins"),
  ]

  @Test(arguments: table)
  func theDocument(_ answer: ProbeAnswer, _ severity: Finding.Severity, _ words: String) {
    let finding = findings.ofDocument(answer, url: Self.url)
    #expect(finding.severity == severity)
    #expect(finding.message.contains(words), "\(finding.message)")
    #expect((finding.remedy == nil) == (severity == .ok))
  }

  @Test func withoutScopesClientsAskForAnything() {
    let findings = MetadataFindings(
      resource: "https://mcp.example.com/mcp", issuers: ["https://idp.example.com"], scopes: [])
    let finding = findings.ofDocument(Self.answer(Self.document([("scopes_supported", nil)])), url: Self.url)
    #expect(finding.severity == .warning)
    #expect(finding.remedy?.contains("allowed_scopes") == true)
  }

  @Test func theHead() {
    #expect(findings.ofHead(Self.answer([]), url: Self.url).severity == .ok)
    #expect(findings.ofHead(Self.answer([], status: 405), url: Self.url).severity == .warning)
    #expect(findings.ofHead(.failed("x"), url: Self.url).severity == .problem)
  }

  @Test func otherPlaces() {
    let other = Self.answer(Self.document([("resource", "https://mcp.example.com")]))
    #expect(findings.ofFallback(Self.answer([], status: 404), url: Self.url).severity == .ok)
    #expect(findings.ofFallback(Self.answer([], status: 308), url: Self.url).severity == .ok)
    #expect(findings.ofFallback(Self.answer(Self.document()), url: Self.url).severity == .ok)
    #expect(findings.ofFallback(other, url: Self.url).severity == .warning)
    #expect(findings.ofFallback(.failed("x"), url: Self.url).severity == .problem)
  }
}
