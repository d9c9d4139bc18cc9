import JSON
import Testing

@testable import Diagnosis

struct TokenReportTests {
  private static let failed: TokenReport.Check = {
    var check = TokenReport.Check("audience", .fail)
    check.reason = "wrong_audience"
    check.found = "aud api://x"
    check.wanted = "https://mcp.example.com/mcp"
    check.rule = TokenReport.Rule(path: "routes[0].authorization.allowed_audience", place: "gateway.yaml:9")
    check.remedy = "add it"
    return check
  }()

  private static let open: TokenReport.Check = {
    var check = TokenReport.Check("signature", .open)
    check.found = "kid a"
    check.remedy = "the provider is down"
    return check
  }()

  private static func verdict(_ name: String, _ checks: [TokenReport.Check]) -> TokenReport.Verdict {
    TokenReport.Verdict(route: name, url: "https://mcp.example.com/mcp", issuer: "https://idp", checks: checks)
  }

  private func report(_ verdicts: [TokenReport.Verdict]) -> TokenReport {
    TokenReport(
      header: ["alg": "ES256"], claims: ["iss": "https://idp\u{1B}", "exp": .integer(Fixture.now - 10), "nbf": "x"],
      verdicts: verdicts, now: Fixture.now)
  }

  @Test func forPeople() {
    let report = report([Self.verdict("tools", [TokenReport.Check("issuer", .pass), Self.failed, Self.open])])
    #expect(
      report.text == #"""
        header
          {
            "alg": "ES256"
          }

        claims
          {
            "iss": "https://idp\u001b",
            "exp": 1699999990,
            "nbf": "x"
          }

        times
          exp       2023-11-14 22:13:10 UTC, 10 s ago

        signature
          (redacted)

        route tools (https://mcp.example.com/mcp), tokens of https://idp: FAIL wrong_audience
          pass  issuer
          FAIL  audience       reason wrong_audience
                               found  aud api://x
                               wanted https://mcp.example.com/mcp
                               rule   gateway.yaml:9: routes[0].authorization.allowed_audience
                               remedy add it
          open  signature      found  kid a
                               why    the provider is down

        """#)
  }

  @Test func forTools() {
    let json = report([Self.verdict("tools", [Self.failed, Self.open])]).json
    #expect(json["passes"] == false)
    #expect(json["times"]?["exp"]?["utc"] == "2023-11-14 22:13:10 UTC")
    let route = json["routes"]?.arrayValue?.first
    #expect(route?["outcome"] == "fail")
    #expect(route?["reason"] == "wrong_audience")
    #expect(
      route?["checks"]?.arrayValue?.first == [
        "check": "audience", "outcome": "fail", "reason": "wrong_audience", "found": "aud api://x",
        "wanted": "https://mcp.example.com/mcp", "rule": "routes[0].authorization.allowed_audience",
        "place": "gateway.yaml:9", "remedy": "add it",
      ])
    #expect(route?["checks"]?.arrayValue?.last?["why"] == "the provider is down")
  }

  @Test func oneGoodRouteIsEnough() {
    let good = Self.verdict("good", [TokenReport.Check("issuer", .pass)])
    let report = report([Self.verdict("bad", [Self.failed]), good])
    #expect(report.passes)
    #expect(report.text.hasSuffix("\ngood for: good\n"))
    let none = self.report([Self.verdict("a", [Self.failed]), Self.verdict("b", [Self.open])])
    #expect(!none.passes)
    #expect(none.text.hasSuffix("\ngood for no route\n"))
  }

  /// Without the signature nobody can say that a token is good.
  @Test func whatIsOpenDoesNotPass() {
    #expect(Self.verdict("a", [Self.open]).outcome == .open)
    #expect(!report([Self.verdict("a", [Self.open])]).passes)
  }

  @Test func whatCannotBeReadIsSaid() {
    let report = TokenReport(header: nil, claims: nil, verdicts: [], now: Fixture.now)
    #expect(report.text.hasPrefix("The token has no parts that could be read.\n"))
  }
}
