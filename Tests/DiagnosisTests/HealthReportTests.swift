import JSON
import Testing

@testable import Diagnosis

struct HealthReportTests {
  private let report = HealthReport([
    HealthReport.Section("route tools", [.ok("address", "a"), .warning("PKCE", "w\u{1B}", remedy: "do this")]),
    HealthReport.Section("more", [.information("redirect URI", "i"), .problem("keys", "p", remedy: "do that")]),
  ])

  @Test func forPeople() {
    #expect(
      report.text == """
        route tools
          ok      address: a
          warning PKCE: w\\u{1b}
                  remedy: do this

        more
          info    redirect URI: i
          PROBLEM keys: p
                  remedy: do that

        1 problem, 1 warning

        """)
  }

  @Test func forTools() {
    let json = report.json
    #expect(json["problems"] == 1)
    #expect(json["warnings"] == 1)
    let findings = json["sections"]?.arrayValue?.last?["findings"]?.arrayValue
    #expect(findings?.first == ["severity": "information", "check": "redirect URI", "message": "i"])
    #expect(findings?.last?["remedy"] == "do that")
  }

  @Test func onlyProblemsCount() {
    #expect(report.hasProblems)
    let good = HealthReport([HealthReport.Section("a", [.warning("x", "y", remedy: "z")])])
    #expect(!good.hasProblems)
    #expect(good.text.hasSuffix("no problems, 1 warning\n"))
  }
}
