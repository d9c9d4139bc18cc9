import Bytes
import Configuration
import Gateway
import JOSE
import JSON
import Testing

@testable import Diagnosis

/// From a token and a configuration to what is wrong, where it is decided, and what to do.
struct RouteExaminationTests {
  private static let issuer = "issuer: \(Fixture.issuer)"
  private static let file = "jwks_file: /keys.json"
  private static let audience = #"allowed_audience: ["https://mcp.example.com/mcp"]"#

  private func verdict(
    _ authorization: [String], _ token: String, keys: KeySet?, missing: String? = nil, now: Int64 = Fixture.now
  ) throws -> TokenReport.Verdict {
    let (route, entry, sources) = try Fixture.entry(authorization)
    let pasted = try PastedToken(Array(token.utf8))
    let path = sources.sections(at: "routes[0].authorization").first ?? ""
    let examination = RouteExamination(route, entry, path: path, sources: sources, shape: TokenShape(pasted))
    let verifier = TokenVerifier(policy: ProviderAccess.policy(entry))
    let found = pasted.bytes.withUnsafeBytes { verifier.examine(ByteView($0), keys: keys, now: now) }
    return examination.verdict(found, keysMissing: missing)
  }

  @Test func aGoodTokenPasses() throws {
    let verdict = try verdict([Self.issuer, Self.file, Self.audience], try Fixture.token(), keys: try Fixture.keys)
    #expect(verdict.outcome == .pass)
    #expect(verdict.route == "tools")
    #expect(verdict.url == "https://mcp.example.com/mcp")
    #expect(verdict.issuer == Fixture.issuer)
    #expect(verdict.checks.map(\.outcome).allSatisfy { $0 == .pass })
    #expect(verdict.checks.map(\.name) == TokenRequirement.allCases.map(\.rawValue))
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var lines: [String]
    var claims: [(String, JSONValue?)] = []
    var header: JSONObject = [:]
    var reason: String
    /// `line: path behind the entry's`
    var rule: String
    var words: [String]

    var testDescription: String { "\(reason) \(rule)" }
  }

  private static let cases: [Case] = [
    Case(
      lines: [issuer, file, audience], claims: [("aud", "api://x")], reason: "wrong_audience",
      rule: "9: .allowed_audience", words: ["aud is api://x, but the route wants https://mcp.example.com/mcp: add it"]),
    Case(
      lines: [issuer, file, audience], claims: [("aud", nil)], reason: "wrong_audience", rule: "9: .allowed_audience",
      words: ["no aud", "allowed_clients"]),
    Case(
      lines: [issuer, file, audience], claims: [("iss", "https://idp.example.com/")], reason: "wrong_issuer",
      rule: "7: .issuer", words: ["slash at the end", "write issuer: https://idp.example.com/"]),
    Case(
      lines: [issuer, file, audience], claims: [("exp", .integer(Fixture.now - 300))], reason: "expired",
      rule: "7: .clock_skew", words: ["Ask for a new one"]),
    Case(
      lines: [issuer, file, audience], claims: [("exp", nil)], reason: "missing_expiry", rule: "7: .clock_skew",
      words: ["lifetime"]),
    Case(
      lines: [issuer, file, audience, "clock_skew: 30s"], claims: [("nbf", .integer(Fixture.now + 90))],
      reason: "not_yet_valid", rule: "10: .clock_skew", words: ["NTP", "30 s"]),
    Case(
      lines: [issuer, file, audience], claims: [("iat", .integer(Fixture.now + 90))], reason: "issued_in_future",
      rule: "7: .clock_skew", words: ["NTP"]),
    Case(
      lines: [issuer, file, audience], claims: [("token_use", "id")], reason: "not_an_access_token",
      rule: "7: .token_type", words: ["ID token", "access_token"]),
    Case(
      lines: [issuer, file, audience], claims: [("typ", "Refresh")], reason: "not_an_access_token",
      rule: "7: .token_type", words: ["refresh token"]),
    Case(
      lines: [issuer, file, audience, "token_type: at+jwt"], header: ["typ": "JWT"], reason: "wrong_token_type",
      rule: "10: .token_type", words: ["token_type to any"]),
    Case(
      lines: [issuer, file, audience, "allowed_algorithms: [RS256]"], reason: "unsupported_algorithm",
      rule: "10: .allowed_algorithms", words: ["Add ES256"]),
    Case(
      lines: [issuer, file, audience], header: ["kid": "other"], reason: "unknown_key", rule: "8: .jwks_file",
      words: ["does not publish the key other"]),
    Case(
      lines: [issuer, file, "allowed_clients: [c-9]"], reason: "wrong_client", rule: "9: .allowed_clients",
      words: ["client_id is client-1", "allowed_clients"]),
    Case(
      lines: [issuer, file, "allowed_clients: [c-9]", "client_id_claims: [azp]"], reason: "wrong_client",
      rule: "9: .allowed_clients", words: ["in client_id, which client_id_claims does not name"]),
    Case(
      lines: [issuer, file, audience, "allowed_scopes: [mcp:admin]"], reason: "insufficient_scope",
      rule: "10: .allowed_scopes", words: ["ask for mcp:admin"]),
    Case(
      lines: [issuer, file, audience, "allowed_scopes: [mcp:tools]", "scope_claims: [scp]"],
      reason: "insufficient_scope", rule: "10: .allowed_scopes", words: ["scopes in scope, which scope_claims"]),
    Case(
      lines: [
        issuer, file, "custom_claims:",
        #"- {inbound_token_claim_name: sub, inbound_token_claim_value_type: STRING, authorizing_claim_match_value: "#
          + "{claim_match_operator: EQUALS, claim_match_value: {match_value_string: user-1}}}",
        #"- {inbound_token_claim_name: groups, inbound_token_claim_value_type: STRING_ARRAY, "#
          + "authorizing_claim_match_value: "
          + "{claim_match_operator: CONTAINS, claim_match_value: {match_value_string: staff}}}",
      ], reason: "claim_mismatch", rule: "11: .custom_claims[1]", words: ["no groups", "add it to access tokens"]),
    Case(
      lines: [issuer, file, audience], claims: [("cnf", ["jkt": .string(String(repeating: "A", count: 43))])],
      reason: "proof_required", rule: "7: .dpop", words: ["add dpop to this entry"]),
    Case(
      lines: [issuer, file, audience, "dpop: {mode: required}"], reason: "proof_required", rule: "10: .dpop",
      words: ["ask for the token with a DPoP proof"]),
    Case(
      lines: [issuer, file, audience], claims: [("cnf", ["kid": "x"])], reason: "unsupported_confirmation",
      rule: "7: .dpop", words: ["bound (cnf)"]),
  ]

  @Test(arguments: cases)
  func eachFaultHasItsPlaceAndItsRemedy(_ sample: Case) throws {
    let token = try Fixture.token(sample.claims, header: sample.header)
    let verdict = try verdict(sample.lines, token, keys: try Fixture.keys)
    #expect(verdict.outcome == .fail)
    let check = try #require(verdict.firstFault)
    #expect(check.reason == sample.reason)
    let rule = try #require(check.rule)
    #expect(
      "\(rule.place): \(rule.path)"
        == "gateway.yaml:\(sample.rule.replacing(": .", with: ": routes[0].authorization."))")
    for words in sample.words { #expect(check.remedy?.contains(words) == true, "\(check.remedy ?? "")") }
    #expect(!check.found.isEmpty)
  }

  @Test func allFaultsAreSaidAtOnce() throws {
    let token = try Fixture.token([("aud", "other"), ("exp", .integer(1)), ("scope", nil)])
    let verdict = try verdict(
      [Self.issuer, Self.file, Self.audience, "allowed_scopes: [mcp:tools]"], token, keys: try Fixture.keys)
    #expect(
      verdict.checks.filter { $0.outcome == .fail }.map(\.reason) == [
        "expired", "wrong_audience", "insufficient_scope",
      ])
  }

  @Test func withoutKeysTheSignatureIsOpen() throws {
    let verdict = try verdict(
      [Self.issuer, Self.file, Self.audience], try Fixture.token(), keys: nil, missing: "the provider is down")
    #expect(verdict.outcome == .open)
    let check = try #require(verdict.checks.first { $0.outcome == .open })
    #expect(check.name == "signature")
    #expect(check.remedy == "the provider is down")
  }

  @Test func aTokenThatShouldBeBoundToACertificate() throws {
    let (configuration, sources) = try Fixture.load(
      """
      public_url: https://mcp.example.com
      listeners:
        - address: 127.0.0.1:8443
          tls: {certificates: [{certificate: /a.pem, key: /a.key}], client_ca: /ca.pem}
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization:
            issuer: \(Fixture.issuer)
            jwks_file: /keys.json
            \(Self.audience)
            certificate_bound_tokens: true
      """)
    let choice = try RouteChoice(configuration, sources, name: nil)
    let route = try #require(choice.routes.first)
    let (entry, path) = try #require(route.entries.first)
    let examination = RouteExamination(route.route, entry, path: path, sources: sources, shape: .signed)
    var token = try Fixture.token()
    let found = try token.withUTF8 {
      TokenVerifier(policy: ProviderAccess.policy(entry)).examine(
        ByteView($0), keys: try Fixture.keys, now: Fixture.now)
    }
    let fault = examination.verdict(found, keysMissing: nil).firstFault
    #expect(fault?.reason == "not_bound_to_certificate")
    #expect(fault?.rule?.place == "gateway.yaml:12")
  }

  @Test func aBoundTokenSaysWhatItIsGoodWith() throws {
    let token = try Fixture.token([("cnf", ["jkt": .string(String(repeating: "A", count: 43))])])
    let verdict = try verdict([Self.issuer, Self.file, Self.audience, "dpop: {}"], token, keys: try Fixture.keys)
    #expect(verdict.outcome == .pass)
    #expect(verdict.checks.last?.found == "good only with a DPoP proof of its key in each request")
  }

  @Test(arguments: [
    ("ya29.abc", "opaque_token", "no introspection"), ("GOCSPX-abc", "opaque_token", "client secret"),
    ("opaque", "opaque_token", "add introspection"),
  ])
  func otherThingsThanTokens(_ text: String, _ reason: String, _ words: String) throws {
    let verdict = try verdict([Self.issuer, Self.file, Self.audience], text, keys: nil)
    #expect(verdict.checks.map(\.name) == ["form"])
    #expect(verdict.firstFault?.reason == reason)
    #expect(verdict.firstFault?.remedy?.contains(words) == true)
  }

  @Test func inAListTheEntryIsNamed() throws {
    let verdict = try verdict(
      ["- issuer: \(Fixture.issuer)", "  jwks_file: /keys.json", "  allowed_audience: [other]"], try Fixture.token(),
      keys: try Fixture.keys)
    #expect(
      verdict.firstFault?.rule
        == TokenReport.Rule(path: "routes[0].authorization[0].allowed_audience", place: "gateway.yaml:9"))
  }

  @Test func anOpenRouteTakesAnything() throws {
    let (configuration, _) = try Fixture.load(
      """
      public_url: https://mcp.example.com
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization: none
      """)
    let route = try #require(configuration.routes.first)
    #expect(RouteExamination.open(route).outcome == .pass)
  }
}
