package import JSON

/// What a walk along the way of a client has found.
package struct HealthReport: Equatable, Sendable {
  package struct Section: Equatable, Sendable {
    package let title: String
    package var findings: [Finding]

    package init(_ title: String, _ findings: [Finding]) {
      self.title = title
      self.findings = findings
    }
  }

  package var sections: [Section]

  package init(_ sections: [Section]) { self.sections = sections }

  package func count(_ severity: Finding.Severity) -> Int {
    sections.reduce(0) { $0 + $1.findings.count { $0.severity == severity } }
  }

  package var hasProblems: Bool { count(.problem) > 0 }

  /// For people.
  package var text: String {
    let parts = sections.map { section in
      ([section.title.printable] + section.findings.map(Self.text)).joined(separator: "\n")
    }
    return (parts + [summary]).joined(separator: "\n\n") + "\n"
  }

  private var summary: String {
    "\(Self.counted(count(.problem), "problem")), \(Self.counted(count(.warning), "warning"))"
  }

  private static func counted(_ number: Int, _ noun: String) -> String {
    "\(number == 0 ? "no" : String(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  private static func text(_ finding: Finding) -> String {
    let mark =
      switch finding.severity {
      case .information: "info   "
      case .ok: "ok     "
      case .warning: "warning"
      case .problem: "PROBLEM"
      }
    let line = "  \(mark) \(finding.check): \(finding.message.printable)"
    return finding.remedy.map { "\(line)\n          remedy: \($0.printable)" } ?? line
  }

  /// For tools. Members without a value are left out.
  package var json: JSONValue {
    [
      "problems": .integer(Int64(count(.problem))), "warnings": .integer(Int64(count(.warning))),
      "sections": .array(
        sections.map { ["title": .string($0.title), "findings": .array($0.findings.map(Self.json))] }),
    ]
  }

  /// ``json`` as it is printed.
  package var jsonText: String { IndentedJSON.text(json) + "\n" }

  private static func json(_ finding: Finding) -> JSONValue {
    var members: JSONObject = [
      "severity": .string(finding.severity.rawValue), "check": .string(finding.check),
      "message": .string(finding.message),
    ]
    members["remedy"] = finding.remedy.map { .string($0) }
    return .object(members)
  }
}
