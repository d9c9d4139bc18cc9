import Testing

@testable import Diagnosis

struct UpstreamFindingsTests {
  private static func status(_ status: Int) -> ProbeAnswer {
    .response(ProbeAnswer.Response(status, [(name: "location", value: "http://127.0.0.1:8000/mcp/")]))
  }

  @Test(arguments: [
    (status(200), Finding.Severity.ok, "status 200"), (status(400), .ok, "status 400"), (status(406), .ok, "406"),
    (status(401), .warning, "credentials of its own"), (status(403), .warning, "credentials of its own"),
    (status(404), .warning, "status 404"), (status(307), .warning, "redirects to http://127.0.0.1:8000/mcp/"),
    (status(500), .warning, "status 500"), (.failed("upstream_connect_failed: refused"), .problem, "refused"),
  ])
  func anAnswerIsEnough(_ answer: ProbeAnswer, _ severity: Finding.Severity, _ words: String) {
    let finding = UpstreamFindings.of(answer, url: "http://127.0.0.1:8000/mcp")
    #expect(finding.severity == severity)
    #expect(finding.message.contains(words))
    #expect((finding.remedy == nil) == (severity == .ok))
  }
}
