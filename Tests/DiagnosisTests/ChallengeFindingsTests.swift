import Testing

@testable import Diagnosis

struct ChallengeFindingsTests {
  private static let url = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
  private static let good = #"Bearer scope="a b", resource_metadata="\#(url)""#

  private func finding(_ answer: ProbeAnswer, scopes: [String] = ["a", "b"]) -> Finding? {
    ChallengeFindings(metadataURL: Self.url, scopes: scopes).of([(method: "POST", answer: answer)]).first
  }

  private static func answer(_ status: Int, _ challenges: String...) -> ProbeAnswer {
    .response(ProbeAnswer.Response(status, challenges.map { (name: "www-authenticate", value: $0) }))
  }

  @Test func theOneThatIsConfigured() {
    #expect(finding(Self.answer(401, Self.good))?.severity == .ok)
    #expect(finding(Self.answer(401, #"Bearer resource_metadata="\#(Self.url)""#), scopes: [])?.severity == .ok)
  }

  /// Routes that take DPoP proofs have a challenge for them, beside the other or in its place.
  @Test func thoseForProofs() {
    let proofs = #"DPoP algs="ES256", scope="a b", resource_metadata="\#(Self.url)""#
    func severity(_ schemes: [String], _ challenges: String...) -> Finding.Severity? {
      let answer = ProbeAnswer.Response(401, challenges.map { (name: "www-authenticate", value: $0) })
      return ChallengeFindings(metadataURL: Self.url, scopes: ["a", "b"], schemes: schemes)
        .of([(method: "POST", answer: .response(answer))]).first?.severity
    }
    #expect(severity(["bearer", "dpop"], Self.good, proofs) == .ok)
    #expect(severity(["dpop"], proofs) == .ok)
    #expect(severity(["bearer", "dpop"], Self.good) == .problem)
    #expect(severity(["bearer", "dpop"], Self.good, "DPoP algs=\"ES256\"") == .problem)
  }

  private static let faults: [(ProbeAnswer, Finding.Severity, String)] = [
    (.failed("upstream_connect_timeout"), .problem, "POST: upstream_connect_timeout"),
    (answer(200), .problem, "status 200, not 401"), (answer(404), .problem, "status 404"),
    (answer(421), .problem, "status 421"), (answer(502), .problem, "status 502"),
    (answer(403), .problem, "status 403"), (answer(400), .problem, "status 400"),
    (answer(401), .problem, "401 without WWW-Authenticate"),
    (answer(401, good, good), .problem, "the challenges are for bearer, bearer, not bearer"),
    (answer(401, #"Basic realm="x""#), .problem, "the challenges are for basic"),
    (answer(401, "Bearer"), .problem, "resource_metadata is (none)"),
    (
      answer(401, #"Bearer resource_metadata="https://old.example.com/x""#), .problem,
      "resource_metadata is \"https://old.example.com/x\", not \"\(url)\""
    ),
    (answer(401, #"Bearer scope="a""#), .problem, "resource_metadata is (none)"),
    (answer(401, #"Bearer scope="a", resource_metadata="\#(url)""#), .warning, "scope is \"a\", not \"a b\""),
    (answer(401, #"Bearer resource_metadata="\#(url)""#), .warning, "scope is (none)"),
    (
      .response(ProbeAnswer.Response(307, [(name: "location", value: "https://login.example.com/")])), .problem,
      "it redirects to https://login.example.com/"
    ),
  ]

  @Test(arguments: faults)
  func everythingElseIsNamed(_ answer: ProbeAnswer, _ severity: Finding.Severity, _ words: String) {
    let finding = finding(answer)
    #expect(finding?.severity == severity)
    #expect(finding?.message.contains(words) == true, "\(finding?.message ?? "")")
    #expect(finding?.remedy?.isEmpty == false)
  }
}
