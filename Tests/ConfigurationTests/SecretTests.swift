import Testing

@testable import Configuration

struct SecretTests {
  private static let at = "routes[0].authorization.introspection.client_secret"

  private func load(_ secret: String) -> LoadResult {
    Fixture.load(
      Fixture.minimal + "      introspection: {client_id: gateway, client_secret: \(secret)}\n",
      environment: ["SECRET": "hidden", "EMPTY": "", "MASK": "***"],
      files: ["conf/secret": "hidden\n", "/run/secrets/gateway": "hidden", "conf/two": "hidden\nlines\n"])
  }

  private func secret(_ result: LoadResult) -> Secret? {
    guard case .secretBasic(let secret)? = Fixture.providers(result).first?.introspection?.authentication else {
      return nil
    }
    return secret
  }

  @Test(arguments: ["${SECRET}", "${file:secret}", "${file:/run/secrets/gateway}"])
  func anInterpolationSurvivesTheExpansion(_ written: String) throws {
    let result = load("\"\(written)\"")
    #expect(Fixture.findings(result) == [])
    #expect(secret(result)?.value == "hidden")
    let expanded = try #require(result.configuration).expanded()
    #expect(expanded.contains("client_secret: \"\(written)\"\n"))
    #expect(!expanded.contains("hidden"))
    let again = Fixture.load(
      expanded, environment: ["SECRET": "hidden"],
      files: ["conf/secret": "hidden\n", "/run/secrets/gateway": "hidden"])
    #expect(again.configuration == result.configuration)
    #expect(again.configuration?.expanded() == expanded)
  }

  /// What the file itself shows, if only in part or as a default.
  @Test(arguments: ["hidden", "\"a${SECRET}\"", "\"${NONE:-hidden}\"", "\"${SECRET}${SECRET}\"", "\"$${hidden}\""])
  func aSecretInTheFileIsMaskedAndDoubted(_ written: String) throws {
    let result = load(written)
    #expect(
      Fixture.findings(result) == ["9:58: warning: \(Self.at): whoever can read this file can read the secret"])
    #expect(secret(result)?.value.contains("hidden") == true)
    let expanded = try #require(result.configuration).expanded()
    #expect(expanded.contains("client_secret: \"***\"\n"))
    #expect(!expanded.contains("hidden"))
  }

  @Test(arguments: [
    ("\"***\"", "\"***\" stands for a secret that was not shown"),
    ("\"\"", "the secret is empty"),
    ("\"${EMPTY}\"", "the secret is empty"),
    ("\"${file:two}\"", "the secret has a line break or an invisible character, or more than 2048 bytes"),
    (
      String(repeating: "x", count: 2049),
      "the secret has a line break or an invisible character, or more than 2048 bytes"
    ),
    ("\"${file:none}\"", "the file \"conf/none\" cannot be read: No such file or directory"),
    ("[hidden]", "expected a secret, found a list"),
  ])
  func reportsFaultsWithoutTheSecret(_ written: String, _ message: String) {
    let result = load(written)
    #expect(Fixture.findings(result) == ["9:58: error: \(Self.at): \(message)"])
    #expect(!result.diagnostics.map(\.rendered).joined().contains("hidden"))
  }

  @Test func aSecretOfThreeAsterisksCanComeFromElsewhere() {
    #expect(secret(load("\"${MASK}\""))?.value == "***")
  }

  @Test func noTextOfItShowsTheValue() {
    let secret = Secret("hidden", written: "${SECRET}")
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
      #expect(!text.contains("hidden"))
    }
  }
}
