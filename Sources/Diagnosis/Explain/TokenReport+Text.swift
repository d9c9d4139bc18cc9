import JSON

extension TokenReport {
  /// For people.
  package var text: String {
    var sections: [String] = []
    if let header { sections.append("header\n\(Self.block(header))") }
    if let claims { sections.append("claims\n\(Self.block(claims))") }
    if header == nil, claims == nil { sections.append("The token has no parts that could be read.") }
    if !times.isEmpty { sections.append((["times"] + times.map(Self.line)).joined(separator: "\n")) }
    sections.append("signature\n  (redacted)")
    if let introspection { sections.append("introspection\n\(Self.block(introspection))") }
    sections += verdicts.map(Self.text)
    if verdicts.count > 1 { sections.append(summary) }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private var summary: String {
    let good = verdicts.filter { $0.outcome == .pass }.map(\.route.printable)
    return good.isEmpty ? "good for no route" : "good for: \(good.joined(separator: ", "))"
  }

  private static func block(_ value: JSONValue) -> String { "  " + IndentedJSON.text(value, indentation: "  ") }

  private static func line(_ time: Time) -> String {
    "  \(padded(time.claim, 9)) \(time.date ?? "no date (\(time.seconds) s)"), \(time.distance)"
  }

  private static func text(_ verdict: Verdict) -> String {
    let issuer = verdict.issuer.isEmpty ? "" : ", tokens of \(verdict.issuer.printable)"
    let answer =
      switch verdict.outcome {
      case .pass: "pass"
      case .fail: "FAIL \(verdict.firstFault?.reason ?? "")"
      case .open: "open"
      }
    let title = "route \(verdict.route.printable) (\(verdict.url.printable))\(issuer): \(answer)"
    return ([title] + verdict.checks.map(text)).joined(separator: "\n")
  }

  private static func text(_ check: Check) -> String {
    let mark = check.outcome == .fail ? "FAIL" : check.outcome.rawValue
    let head = "  \(padded(mark, 5)) \(padded(check.name, 14))"
    guard check.outcome != .pass else {
      return check.found.isEmpty ? "  pass  \(check.name)" : "\(head) \(check.found.printable)"
    }
    var lines: [(String, String)] = []
    if let reason = check.reason { lines.append(("reason", reason)) }
    if !check.found.isEmpty { lines.append(("found", check.found)) }
    if !check.wanted.isEmpty { lines.append(("wanted", check.wanted)) }
    if let rule = check.rule { lines.append(("rule", "\(rule.place): \(rule.path)")) }
    if let remedy = check.remedy { lines.append((check.outcome == .open ? "why" : "remedy", remedy)) }
    let indentation = String(repeating: " ", count: 22)
    return lines.enumerated().map { index, line in
      "\(index == 0 ? head : indentation) \(padded(line.0, 7))\(line.1.printable)"
    }.joined(separator: "\n")
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
