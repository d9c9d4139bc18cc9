import Configuration
import Testing

struct InterpolationTests {
  /// Loads a configuration whose resource_name is `value`, and returns that name.
  private func interpolate(_ value: String) -> LoadResult {
    Fixture.load(
      Fixture.minimal + "    metadata: {resource_name: '\(value)'}\n",
      environment: ["NAME": "tools", "EMPTY": "", "_A1": "x", "LIST": "[a, b]", "REFERENCE": "${NAME}"],
      files: ["conf/name": "from file\n", "/etc/name": "absolute\r\n", "conf/two": "a\n\n"])
  }

  @Test(arguments: [
    ("${NAME}", "tools"), ("a${NAME}b${_A1}c", "atoolsbxc"), ("${NAME:-other}", "tools"),
    ("${NONE:-other}", "other"),
    ("${EMPTY:-other}", "other"), ("a${EMPTY}", "a"), ("a${NONE:-}", "a"), ("${NONE:-a:-b}", "a:-b"),
    ("${file:name}", "from file"), ("${file:/etc/name}", "absolute"), ("$${NAME}", "${NAME}"),
    ("$NAME", "$NAME"),
    ("$$", "$$"), ("$$${NAME}", "$${NAME}"), ("}{", "}{"), ("${LIST}", "[a, b]"), ("${REFERENCE}", "${NAME}"),
  ])
  func replaces(value: String, result: String) {
    let loaded = interpolate(value)
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.configuration?.routes.first?.metadata?.resourceName == result)
  }

  @Test(arguments: [
    ("${NONE}", "the environment variable NONE is not set"),
    ("${NAME", "\"${\" is never closed"),
    ("${}", "\"${}\" is not an interpolation"),
    ("${A-B}", "\"${A-B}\" is not an interpolation"),
    ("${1A}", "\"${1A}\" is not an interpolation"),
    ("${file:none}", "the file \"conf/none\" cannot be read: No such file or directory"),
    ("${file:}", "\"${file:}\" names no file"),
    ("${EMPTY}", "the value is empty"),
    ("${file:two}", "\"a\\u{a}\" has a line break or an invisible character"),
  ])
  func refuses(value: String, message: String) {
    #expect(
      Fixture.findings(interpolate(value)) == ["9:31: error: routes[0].metadata.resource_name: \(message)"])
  }

  @Test func servesEveryKindOfScalarButNoKey() {
    let text = """
      public_url: ${URL}
      listeners: [{address: "127.0.0.1:${PORT}", backlog: "${PORT}"}]
      ${KEY}: 1
      routes: [{path: /a, upstream: {url: "http://${HOST:-localhost}"}, authorization: "${AUTH}"}]
      log: {access: "${ACCESS}"}
      """
    let environment = [
      "URL": "https://a.example", "PORT": "81", "KEY": "limits", "AUTH": "none", "ACCESS": "false",
    ]
    #expect(
      Fixture.findings(Fixture.load(text, environment: environment)) == [
        "3:1: error: ${KEY}: unknown key \"${KEY}\""
      ])
    let result = Fixture.load(text.replacing("${KEY}: 1\n", with: ""), environment: environment)
    #expect(result.configuration?.listeners.map(\.address) == [.ipv4("127.0.0.1", port: 81)])
    #expect(result.configuration?.listeners.map(\.backlog) == [81])
    #expect(result.configuration?.routes.first?.authorization == .anonymous)
    #expect(result.configuration?.log.access == false)
  }

  @Test func aSectionIsNeverMadeOfAValue() {
    let result = Fixture.load(
      Fixture.minimal + "limits: ${LIMITS}\nlog: ${NONE}\n", environment: ["LIMITS": "{a: b}"])
    #expect(
      Fixture.findings(result) == [
        "9:9: error: limits: expected a mapping, found the value \"{a: b}\"",
        "10:6: error: log: the environment variable NONE is not set",
      ])
  }
}
