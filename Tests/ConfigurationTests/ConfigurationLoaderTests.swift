import Configuration
import Testing

struct ConfigurationLoaderTests {
  @Test(arguments: [
    ("", "1:1: error: the file is empty"),
    ("# only a comment\n", "1:1: error: the file is empty"),
    ("---\n", "2:1: error: the file is empty"),
    ("- a\n- b\n", "1:1: error: expected a mapping, found a list"),
    ("just text\n", "1:1: error: expected a mapping, found the value \"just text\""),
    (
      "public_url: [a\nroutes: b\n",
      "2:7: error: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence, line 1)"
    ),
    ("a: b: c\n", "1:5: error: not valid YAML: mapping values are not allowed in this context"),
    (
      "a:\n\tb: c\n",
      "2:1: error: not valid YAML: found character that cannot start any token "
        + "(while scanning for the next token, line 2)"
    ),
    ("a: *nothing\n", "1:4: error: not valid YAML: found undefined alias"),
    ("ä: b\nc: \u{1}\n", "2:4: error: not valid YAML: control characters are not allowed"),
    ("a: b\r\nc: \u{1}\r\n", "2:4: error: not valid YAML: control characters are not allowed"),
    (
      "a: b\n---\nc: d\n",
      "2:1: error: not valid YAML: but found another document "
        + "(expected a single document in the stream, line 1)"
    ),
    (
      "a: 1\nb: 2\n\"a\": 3\n",
      "1:1: error: the key \"a\" occurs more than once in this mapping; this is the first"
    ),
    (
      "*a : 1\n*a : 2\n",
      "1:1: error: the key \"*a\" occurs more than once in this mapping; this is the first"
    ),
    ("? [a]\n: b\n", "1:3: error: a key must be plain text"),
    ("? {a: b}\n: b\nc: \"*\"\n", "1:3: error: a key must be plain text"),
    ("a: &x 1\n*x : 2\n", "2:1: error: a key must be plain text"),
  ])
  func refusesDocumentsItCannotJudge(text: String, finding: String) {
    let result = Fixture.load(text)
    #expect(Fixture.findings(result) == [finding])
    #expect(result.configuration == nil)
  }

  @Test func keysThatDifferOnlyInTheirTagsAreTheSame() {
    #expect(
      Fixture.findings(Fixture.minimal + "!x log: {}\nlog: {}\n") == [
        "10:1: error: log: the key \"log\" occurs more than once in this mapping"
      ])
  }

  @Test func reportsEverythingAtOnceInTheOrderOfTheText() {
    let findings = Fixture.findings(
      """
      lissteners: []
      public_url: nowhere
      routes:
        - path: mcp
          Upstream: {url: x}
          authorization: {discoveryUrl: x, allowed_audience: [a]}
          zzz: 1
      timeouts: {drain: soon}
      """)
    #expect(
      findings == [
        "1:1: error: lissteners: unknown key \"lissteners\"",
        "2:13: error: public_url: \"nowhere\" is not an absolute http or https URL",
        "4:5: error: routes[0].upstream: is missing",
        "4:11: error: routes[0].path: \"mcp\" is not an absolute path",
        "5:5: error: routes[0].Upstream: unknown key \"Upstream\"",
        "6:20: error: routes[0].authorization.discovery_url: is missing",
        "6:21: error: routes[0].authorization.discoveryUrl: unknown key \"discoveryUrl\"",
        "7:5: error: routes[0].zzz: unknown key \"zzz\"",
        "8:19: error: timeouts.drain: expected a duration from 1ms to 24h, found \"soon\"",
      ])
  }

  @Test(arguments: [
    ("lissteners: []", "Did you mean \"listeners\"?"),
    ("publicUrl: a", "Did you mean \"public_url\"?"),
    (
      "<<: {}",
      "The keys here are: public_url, allowed_hosts, listeners, routes, bridges, limits, timeouts, admin, log, "
        + "key_cache_directory, workers."
    ),
  ])
  func suggestsTheKeyThatWasMeant(line: String, remedy: String) {
    #expect(Fixture.load(Fixture.minimal + line).diagnostics.map(\.remedy) == [remedy])
  }

  @Test func everyFindingHasARemedy() {
    let breakages =
      GatewayConfigurationTests.breakages + RouteConfigurationTests.breakages
      + AuthorizationConfigurationTests.breakages + ListenerConfigurationTests.breakages
      + UpstreamConfigurationTests.breakages
    for finding in breakages.flatMap({ Fixture.load($0.text).diagnostics }) {
      #expect(!finding.remedy.isEmpty && finding.file == "conf/test.yaml")
    }
  }

  @Test func aliasesAreSharedValues() throws {
    let text =
      Fixture.minimal.replacing("authorization:", with: "authorization: &rules")
      + "  - {path: /b, upstream: {url: 'http://a'}, authorization: *rules}\n"
    let routes = try #require(Fixture.load(text).configuration).routes
    #expect(routes[0].authorization == routes[1].authorization)
  }

  private static let laughs =
    "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + (1...9).map { level in
      "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }.joined()

  @Test func refusesAliasesThatExpandWithoutEnd() {
    let findings = Fixture.findings(Self.laughs)
    #expect(findings.count == 1)
    #expect(findings.first?.contains("more than 100000 values once its aliases are expanded") == true)
  }

  /// The YAML library would hash such a key for hours.
  @Test func refusesAliasesThatExpandWithoutEndInAKey() {
    #expect(Fixture.findings(Self.laughs + "? *a9\n: x\n") == ["11:3: error: a key must be plain text"])
    #expect(Fixture.findings(Self.laughs + "? [*a9]\n: x\n") == ["11:3: error: a key must be plain text"])
  }

  @Test func refusesDeepNesting() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    let message = "the document is nested more than 32 levels deep"
    #expect(Fixture.findings("a: \(nested(31))\n").contains { $0.contains(message) } == false)
    #expect(
      Fixture.findings("a: \(nested(32))\n") == [
        "1:35: error: a\(String(repeating: "[0]", count: 31)): \(message)"
      ])
    #expect(Fixture.findings("a: \(nested(100_000))\n").count == 1)
  }

  @Test func rendersFindingsForPeople() {
    let rendered = Fixture.load("public_url: https://a.example\nruotes: []\n").diagnostics.map(\.rendered)
    #expect(
      rendered == [
        """
        conf/test.yaml:1:1: error: routes: is missing
            remedy: Add at least one route with path, upstream and authorization.
        """,
        """
        conf/test.yaml:2:1: error: ruotes: unknown key "ruotes"
            remedy: Did you mean "routes"?
        """,
      ])
    #expect(
      Fixture.load("").diagnostics.map(\.rendered) == [
        """
        conf/test.yaml:1:1: error: the file is empty
            remedy: Start with "public_url:" and at least one entry under "routes:".
        """
      ])
  }
}
