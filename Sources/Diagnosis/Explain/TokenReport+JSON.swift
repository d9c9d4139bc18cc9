package import JSON

extension TokenReport {
  /// For tools. Members without a value are left out.
  package var json: JSONValue {
    var members: JSONObject = ["passes": .bool(passes)]
    members["header"] = header
    members["claims"] = claims
    members["introspection"] = introspection
    members["times"] = .object(
      JSONObject(
        times.map { time in
          var value: JSONObject = ["seconds": .integer(time.seconds)]
          value["utc"] = time.date.map { .string($0) }
          value["distance"] = .string(time.distance)
          return (time.claim, .object(value))
        }))
    members["routes"] = .array(verdicts.map(Self.json))
    return .object(members)
  }

  /// ``json`` as it is printed.
  package var jsonText: String { IndentedJSON.text(json) + "\n" }

  private static func json(_ verdict: Verdict) -> JSONValue {
    var members: JSONObject = ["route": .string(verdict.route), "url": .string(verdict.url)]
    if !verdict.issuer.isEmpty { members["issuer"] = .string(verdict.issuer) }
    members["outcome"] = .string(verdict.outcome.rawValue)
    members["reason"] = verdict.firstFault?.reason.map { .string($0) }
    members["checks"] = .array(verdict.checks.map(json))
    return .object(members)
  }

  private static func json(_ check: Check) -> JSONValue {
    var members: JSONObject = ["check": .string(check.name), "outcome": .string(check.outcome.rawValue)]
    let texts = [
      ("reason", check.reason), ("found", check.found), ("wanted", check.wanted), ("rule", check.rule?.path),
      ("place", check.rule?.place), (check.outcome == .open ? "why" : "remedy", check.remedy),
    ]
    for case (let name, let text?) in texts where !text.isEmpty { members[name] = .string(text) }
    return .object(members)
  }
}
