import Testing

@testable import Diagnosis

struct CertificateFindingsTests {
  private static let day: Int64 = 86_400

  @Test(arguments: [
    (-1, 100, Finding.Severity.ok, "100 days left"), (-1, 14, .ok, "14 days left"),
    (-1, 13, .warning, "ends in 13 days"),
    (-9, 0, .problem, "has expired at 2023-11-14 22:13:20 UTC"), (-9, -1, .problem, "has expired"),
    (1, 100, .problem, "is good from 2023-11-15 22:13:20 UTC on"),
  ])
  func datesDecide(_ start: Int64, _ end: Int64, _ severity: Finding.Severity, _ words: String) {
    let finding = CertificateFindings.dates(
      Fixture.now + start * Self.day, Fixture.now + end * Self.day, names: ["mcp.example.com"],
      at: "https://mcp.example.com", now: Fixture.now)
    #expect(finding.severity == severity)
    #expect(finding.message.contains(words), "\(finding.message)")
  }
}
