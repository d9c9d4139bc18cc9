import JOSE
import JSON
import Onboarding
import Testing

@testable import Diagnosis

struct ProviderFindingsTests {
  private static let pkce: [(JSONValue, Finding.Severity)] = [
    (["code_challenge_methods_supported": ["S256"]], .ok),
    (["code_challenge_methods_supported": ["plain", "S256"]], .ok),
    (["code_challenge_methods_supported": ["plain"]], .problem),
    (["code_challenge_methods_supported": "S256"], .warning), (.object([:]), .warning),
  ]

  @Test(arguments: pkce)
  func clientsLookForPKCE(_ document: JSONValue, _ severity: Finding.Severity) {
    #expect(ProviderFindings.pkce(document).severity == severity)
  }

  private static let registrations: [(JSONValue, Finding.Severity, String)] = [
    (["registration_endpoint": "https://a/r", "client_id_metadata_document_supported": true], .ok, "CIMD"),
    (["registration_endpoint": "https://a/r"], .ok, "DCR"),
    (["client_id_metadata_document_supported": true], .warning, "Claude Code, VS Code"),
    (["client_id_metadata_document_supported": false], .warning, "neither DCR nor CIMD"),
  ]

  @Test(arguments: registrations)
  func clientsHaveToBeKnown(_ document: JSONValue, _ severity: Finding.Severity, _ words: String) {
    let finding = ProviderFindings.registration(document)
    #expect(finding.severity == severity)
    #expect(finding.message.contains(words))
  }

  @Test func keysAreCountedAndThoseLeftOutAreNamed() throws {
    let set: JSONValue = ["keys": [try Fixture.key.publicJWK, ["kty": "XYZ"], ["kty": "oct", "k": "AAAA"]]]
    let finding = ProviderFindings.keys(set.serialized(), from: "https://a/keys")
    #expect(finding == .ok("keys", "https://a/keys: 1 usable for ES256; not used: unknown key type: 2"))
  }

  @Test(arguments: [
    (#"{"keys":[]}"#, "no usable key"), (#"{"keys":[{"kty":"XYZ"}]}"#, "no usable key; not used: unknown key type: 1"),
    ("{}", "not a JWK set"), ("<html>", "not a JWK set"),
  ])
  func withoutKeysThereIsAProblem(_ text: String, _ words: String) {
    let finding = ProviderFindings.keys(Array(text.utf8), from: "https://a/keys")
    #expect(finding.severity == .problem)
    #expect(finding.message.contains(words))
  }

  @Test(
    arguments: [
      (0, Finding.Severity.ok, "within 5 s"), (5, .ok, "within 5 s"), (-5, .ok, "within 5 s"),
      (6, .warning, "6 s ahead of ours"), (-60, .warning, "60 s behind ours"), (61, .problem, "come from the future"),
      (-3_600, .problem, "1 h behind ours"),
    ] as [(Int64, Finding.Severity, String)])
  func clocks(_ ahead: Int64, _ severity: Finding.Severity, _ words: String) {
    let response = ProbeAnswer.Response(
      200, [(name: "date", value: "Tue, 14 Nov 2023 22:13:20 GMT")], receivedAt: Fixture.now - ahead)
    let finding = ProviderFindings.clock(response, skew: 60)
    #expect(finding?.severity == severity)
    #expect(finding?.message.contains(words) == true, "\(finding?.message ?? "")")
  }

  @Test func withoutADateNothingIsSaid() {
    #expect(ProviderFindings.clock(ProbeAnswer.Response(200, []), skew: 60) == nil)
    #expect(ProviderFindings.clock(ProbeAnswer.Response(200, [(name: "date", value: "now")]), skew: 60) == nil)
  }

  @Test func introspectionNeedsAnEndpoint() {
    let document: JSONValue = ["introspection_endpoint": "https://a/introspect"]
    #expect(ProviderFindings.introspection(document, configured: nil) == .ok("introspection", "https://a/introspect"))
    #expect(ProviderFindings.introspection(nil, configured: "https://a/i").severity == .ok)
    #expect(ProviderFindings.introspection(.object([:]), configured: nil).severity == .problem)
  }

  @Test func theClientsOfMostPeopleAreThere() {
    let messages = ProviderFindings.redirects.map(\.message)
    #expect(messages.count == 6)
    for name in ["Kiro", "Claude Code", "VS Code", "Cursor", "Codex", "Gemini CLI"] {
      #expect(messages.contains { $0.hasPrefix("\(name): ") && $0.contains("://") })
    }
  }
}
