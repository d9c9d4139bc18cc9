import JSON
import Testing

@testable import Diagnosis

struct DiscoveryFindingsTests {
  private static let issuer = "https://idp.example.com/tenant"
  private static let appended = "https://idp.example.com/tenant/.well-known/openid-configuration"

  private static func document(_ issuer: JSONValue) -> ProbeAnswer {
    let document: JSONValue = ["issuer": issuer, "jwks_uri": "https://idp.example.com/keys"]
    return .response(ProbeAnswer.Response(200, [], body: document.serialized()))
  }

  private static let missing = ProbeAnswer.response(ProbeAnswer.Response(404, []))

  /// - Parameter answers: those that are not missing, by URL.
  private func judged(gateway: [String], _ answers: [String: ProbeAnswer]) -> (
    findings: [Finding], document: JSONValue?
  ) {
    let findings = DiscoveryFindings(issuer: Self.issuer, gatewayURLs: gateway)
    return findings.of(findings.urls.map { (url: $0, answer: answers[$0] ?? Self.missing) })
  }

  @Test(arguments: [
    (
      "https://a.example",
      [
        "https://a.example/.well-known/oauth-authorization-server",
        "https://a.example/.well-known/openid-configuration",
      ]
    ),
    (
      "https://t.auth0.com/",
      [
        "https://t.auth0.com/.well-known/oauth-authorization-server",
        "https://t.auth0.com/.well-known/openid-configuration",
      ]
    ),
    (
      "https://a.example/realms/x",
      [
        "https://a.example/.well-known/oauth-authorization-server/realms/x",
        "https://a.example/.well-known/openid-configuration/realms/x",
        "https://a.example/realms/x/.well-known/openid-configuration",
      ]
    ),
    ("urn:not:a:url", []),
  ])
  func clientsKnowThesePlaces(_ issuer: String, _ urls: [String]) {
    #expect(DiscoveryFindings.clientURLs(issuer) == urls)
  }

  @Test func eachPlaceIsAskedOnce() {
    let urls = DiscoveryFindings(issuer: Self.issuer, gatewayURLs: [Self.appended]).urls
    #expect(urls.count == 3)
    #expect(Set(urls).count == 3)
    #expect(urls.first == Self.appended)
  }

  @Test func aGoodDocumentIsFound() {
    let (findings, document) = judged(gateway: [Self.appended], [Self.appended: Self.document(.string(Self.issuer))])
    #expect(findings.map(\.severity) == [.ok, .ok])
    #expect(findings.last?.message.contains("oauth-authorization-server/tenant: status 404") == true)
    #expect(document?["jwks_uri"] == "https://idp.example.com/keys")
  }

  @Test func anotherIssuerIsAProblemForBoth() {
    let (findings, document) = judged(
      gateway: [Self.appended], [Self.appended: Self.document("https://idp.example.com/tenant/")])
    #expect(findings.map(\.severity) == [.problem, .problem])
    #expect(findings.first?.remedy?.contains("issuer: https://idp.example.com/tenant/") == true)
    #expect(document == nil)
  }

  @Test func nothingIsFound() {
    let (findings, _) = judged(gateway: [Self.appended], [:])
    #expect(findings.map(\.severity) == [.problem, .problem])
    #expect(findings.first?.message.contains("\(Self.appended): status 404") == true)
  }

  @Test func aProviderThatIsNotThereIsOneProblem() {
    let findings = DiscoveryFindings(issuer: Self.issuer, gatewayURLs: [Self.appended])
    let (found, _) = findings.of(findings.urls.map { (url: $0, answer: .failed("refused")) })
    #expect(found.map(\.severity) == [.problem])
    #expect(found.first?.message.contains("\(Self.appended): refused") == true)
    let withoutDiscovery = DiscoveryFindings(issuer: Self.issuer, gatewayURLs: [])
    #expect(
      withoutDiscovery.of(withoutDiscovery.urls.map { (url: $0, answer: .failed("refused")) }).findings.count == 1)
  }

  @Test func aPlaceThatOnlyTheGatewayKnows() {
    let own = "https://mirror.example.com/.well-known/openid-configuration"
    let (findings, document) = judged(gateway: [own], [own: Self.document(.string(Self.issuer))])
    #expect(findings.map(\.severity) == [.ok, .problem])
    #expect(document != nil)
  }

  @Test func withoutDiscoveryClientsStillNeedIt() {
    let (findings, _) = judged(gateway: [], [Self.appended: Self.document(.string(Self.issuer))])
    #expect(findings.map(\.severity) == [.ok])
  }

  @Test(arguments: [
    (ProbeAnswer.response(ProbeAnswer.Response(200, [], body: Array("<html>".utf8))), "not a JSON object"),
    (.response(ProbeAnswer.Response(200, [], body: Array("{}".utf8))), "it names no issuer"),
    (.response(ProbeAnswer.Response(302, [])), "status 302"),
  ])
  func whatIsNoDocument(_ answer: ProbeAnswer, _ words: String) {
    #expect(DiscoveryFindings(issuer: Self.issuer, gatewayURLs: []).worth(answer) == .nothing(words))
  }
}
