import Configuration
import Testing

/// Findings that are made after loading, at the places of the values that they are about.
struct SourceMapTests {
  private static let text =
    Fixture.minimal + """
            allowed_scopes: [a.b]
            advertised_scope_mapping: {a.b: c}
      listeners:
        - address: 127.0.0.1:80
        - address: 127.0.0.1:443
          tls:
            certificates:
              - {certificate: /a.pem, key: /a.key}
              - certificate: /b.pem
                key: /b.key

      """

  @Test(arguments: [
    ("", 1, 1), ("public_url", 1, 13), ("routes", 3, 3), ("routes[0]", 3, 5), ("routes[0].upstream.url", 5, 12),
    ("routes[0].authorization.advertised_scope_mapping.a.b", 10, 39), ("listeners[1].tls", 15, 7),
    ("listeners[1].tls.certificates[0].key", 16, 38), ("listeners[1].tls.certificates[1].key", 18, 16),
    ("listeners[1].tls.certificates[1].ocsp_response", 17, 11), ("routes[0].upstream.tls.server_name", 5, 7),
    ("listeners[7].address", 12, 3), ("listeners[x]", 12, 3), ("admin.address", 1, 1),
  ])
  func leadsToTheValueOrToWhatIsAround(path: String, line: Int, column: Int) {
    let finding = Fixture.load(Self.text).sources.diagnostic(.warning, at: path, "is odd", remedy: "Mend it.")
    #expect(
      finding.rendered.hasPrefix("conf/test.yaml:\(line):\(column): warning: \(path.isEmpty ? "" : path + ": ")is odd"))
    #expect(finding.rendered.hasSuffix("remedy: Mend it."))
  }

  @Test(arguments: [
    ("public_url", true), ("routes[0].upstream.url", true), ("listeners[1].tls.certificates[1]", true),
    ("routes[0].upstream.tls", false), ("listeners[7]", false), ("listeners[0].address.port", false),
  ])
  func tellsWhatIsWrittenFromDefaults(path: String, isWritten: Bool) {
    #expect(Fixture.load(Self.text).sources.isWritten(path) == isWritten)
  }

  private static let several = Fixture.minimal.replacing(
    """
          discovery_url: http://127.0.0.1:9000/.well-known/openid-configuration
          allowed_audience: [aud]
    """,
    with: """
            - {issuer: "https://a.example", allowed_audience: [a]}
            - issuer: https://b.example
              allowed_audience: [b]
      """)

  @Test func oneSectionAndAListOfThemLeadToTheSameKeys() {
    let path = "routes[0].authorization"
    let one = Fixture.load(Fixture.minimal).sources
    #expect(one.sections(at: path) == [path])
    #expect(one.place(of: "\(path).allowed_audience") == "conf/test.yaml:8")
    #expect(one.sections(at: "routes[0].path") == [])
    #expect(one.sections(at: "routes[1].authorization") == [])
    let several = Fixture.load(Self.several)
    #expect(several.diagnostics.isEmpty)
    #expect(several.sources.sections(at: path) == ["\(path)[0]", "\(path)[1]"])
    #expect(several.sources.place(of: "\(path)[0].allowed_audience") == "conf/test.yaml:7")
    #expect(several.sources.place(of: "\(path)[1].allowed_audience") == "conf/test.yaml:9")
    #expect(several.sources.place(of: "\(path)[1].allowed_clients") == "conf/test.yaml:8")
  }

  @Test func addedFindingsStandInTheOrderOfTheText() {
    let loaded = Fixture.load(Fixture.minimal + "      allowed_scopes: [email]\n")
    let finding = loaded.sources.diagnostic(.warning, at: "routes[0].upstream.url", "is odd", remedy: "Mend it.")
    let warned = loaded.adding([finding])
    #expect(warned.diagnostics.map(\.line) == [5, 9])
    #expect(warned.configuration == loaded.configuration)
    let error = loaded.sources.diagnostic(.error, at: "listeners", "is bad", remedy: "Mend it.")
    #expect(warned.adding([error]).diagnostics.map(\.line) == [1, 5, 9])
    #expect(warned.adding([error]).configuration == nil)
  }

  @Test func aTextThatIsNoDocumentHasOnlyAStart() {
    let finding = Fixture.load("a: [").sources.diagnostic(.error, at: "a", "is bad", remedy: "Mend it.")
    #expect([finding.line, finding.column] == [1, 1])
  }
}
