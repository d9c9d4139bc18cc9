import Bytes
import JOSE
import JSON
import Testing

/// The same questions as the gateway's, all of them answered.
struct TokenExaminationTests {
  private func examine(
    _ token: String, _ policy: TokenPolicy = TestTokens.policy, keys: KeySet?
  ) -> TokenExamination {
    var token = token
    return token.withUTF8 { TokenVerifier(policy: policy).examine(ByteView($0), keys: keys, now: TestTokens.now) }
  }

  private func failures(_ examination: TokenExamination) -> [TokenFault] {
    examination.findings.compactMap { if case .failed(let fault) = $0.outcome { fault } else { nil } }
  }

  @Test func aGoodTokenPassesEverything() throws {
    let examination = examine(try TestTokens.sign(), keys: try TestKeys.set())
    #expect(examination.fault == nil)
    #expect(examination.findings.map(\.requirement) == TokenRequirement.allCases)
    #expect(examination.findings.allSatisfy { $0.outcome == .passed })
    #expect(examination.header?["alg"] == "ES256")
    #expect(examination.claims?["sub"] == "user-1")
  }

  @Test func everythingThatIsWrongIsFound() throws {
    var policy = TestTokens.policy
    policy.clients = ["client-9"]
    policy.scopes = ["mcp:admin"]
    policy.customClaims = [.claim("sub", .equals("user-1")), .claim("tenant", .equals("t"))]
    let token = try TestTokens.sign([("iss", "https://other.example"), ("aud", ["a", "b"]), ("exp", .integer(1))])
    let examination = examine(token, policy, keys: try TestKeys.set())
    #expect(
      failures(examination) == [
        .wrongIssuer, .expired, .wrongAudience, .wrongClient, .claimMismatch, .insufficientScope,
      ])
    #expect(examination.fault == .wrongIssuer)
    let evidence = Dictionary(uniqueKeysWithValues: examination.findings.map { ($0.requirement, $0.evidence.line) })
    #expect(evidence[.issuer] == "found iss https://other.example; wanted https://idp.example/tenant")
    #expect(evidence[.audience] == "found aud a, b; wanted https://gateway.example/mcp")
    #expect(evidence[.client] == "found client_id client-1; wanted client-9")
    #expect(evidence[.customClaims] == "found tenant (absent); wanted tenant EQUALS t")
    #expect(evidence[.scopes] == "found mcp:tools, openid; wanted one of mcp:admin")
    #expect(evidence[.expiry] == "found exp 1, 1699999999 s ago; wanted ahead, give or take 60 s")
    #expect(examination.findings.first { $0.requirement == .customClaims }?.ruleIndex == 1)
  }

  @Test func aForgedSignatureIsNamedWithTheKeys() throws {
    let forged = try SigningKey.generate(.es256, kid: "key-ES256").sign(TestTokens.claims([]))
    #expect(failures(examine(forged, keys: try TestKeys.set())) == [.badSignature])
    let unknown = try TestTokens.sign([], header: ["kid": "nobody"])
    let examination = examine(unknown, keys: try KeySet(jwks: ["keys": [TestKeys.key(.es256).publicJWK]]))
    #expect(failures(examination) == [.unknownKey])
    let evidence = examination.findings.first { $0.requirement == .signature }?.evidence.line
    #expect(evidence == "found kid nobody, alg ES256; wanted key-ES256 ES256")
  }

  @Test func withoutKeysTheSignatureStaysOpen() throws {
    let examination = examine(try TestTokens.sign(), keys: nil)
    let outcome = examination.findings.first { $0.requirement == .signature }?.outcome
    #expect(outcome == .open("the keys of the issuer are not at hand"))
    #expect(examination.fault == nil)
  }

  @Test(arguments: [
    ("token", TokenFault.opaque, false), ("a.b.c", .malformed, false), ("a.b.c.d.e", .encrypted, false),
    ("eyJhbGciOiJub25lIn0.e30.AA", .unsupportedAlgorithm, true),
    ("eyJhbGciOiJIUzI1NiJ9.e30.AA", .unsupportedAlgorithm, true),
    ("bm9uc2Vuc2U.e30.AA", .malformedHeader, false),
  ])
  func whatIsNoToken(_ text: String, _ fault: TokenFault, _ hasHeader: Bool) throws {
    let examination = examine(text, keys: try TestKeys.set())
    #expect(examination.fault == fault)
    #expect(examination.findings.isEmpty)
    #expect((examination.header != nil) == hasHeader)
  }

  /// One engine: what the examination finds first is what the gateway answers.
  @Test(arguments: TokenTimeTests.rows)
  func agreesWithTheVerifier(_ row: (String, JSONValue?, String)) throws {
    let examination = examine(try TestTokens.sign([(row.0, row.1)]), keys: try TestKeys.set())
    #expect((examination.fault.map { "\($0.reason)" } ?? "verified") == row.2)
  }

  /// What a token says may be anything; what is said about it has a limit.
  @Test func evidenceIsBounded() throws {
    let examination = examine(
      try TestTokens.sign([("aud", .string(String(repeating: "\u{1F600}", count: 2_000)))]), keys: nil)
    let evidence = try #require(examination.findings.first { $0.requirement == .audience }?.evidence)
    #expect(evidence.found.utf8.count <= 310)
  }

  /// What the issuer says about a token is asked the same as the gateway asks it, without header and signature.
  @Test(
    arguments: [
      (["active": false], [TokenFault.inactive]), ([:], [.inactive]), (["active": true, "iss": 7], [.malformedClaims]),
      (["active": true, "aud": "https://gateway.example/mcp"], []),
      (["active": true, "aud": "other", "exp": 1], [.expired, .wrongAudience]),
    ] as [(JSONObject, [TokenFault])])
  func whatTheIssuerSaysIsExamined(_ answer: JSONObject, _ faults: [TokenFault]) {
    let verifier = TokenVerifier(policy: TestTokens.policy)
    let examination = verifier.examine(introspected: answer, now: TestTokens.now)
    #expect([examination.formFault].compactMap { $0 } + failures(examination) == faults)
    #expect(examination.claims == .object(answer))
    #expect(examination.findings.allSatisfy { $0.requirement != .signature })
    guard answer["active"] == true else { return }
    do {
      _ = try verifier.accept(introspected: answer, lifetime: 60, now: TestTokens.now)
      #expect(examination.fault == nil)
    } catch {
      #expect(examination.fault == error)
    }
  }
}
