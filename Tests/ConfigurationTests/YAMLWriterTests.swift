import Testing

@testable import Configuration

struct YAMLWriterTests {
  @Test(arguments: [
    ("abc", "abc"), ("https://a.example:8080/x", "https://a.example:8080/x"), ("/mcp", "/mcp"), ("", "\"\""),
    ("true", "\"true\""), ("Off", "\"Off\""), ("null", "\"null\""), ("0123", "\"0123\""), ("a b", "\"a b\""),
    ("a:", "\"a:\""), ("a #b", "\"a #b\""), ("-a", "\"-a\""), ("*a", "\"*a\""),
    ("a\"b\\c", "\"a\\\"b\\\\c\""),
    ("${A}", "\"$${A}\""), ("Zoë", "\"Zoë\""), ("a\nb\u{85}", "\"a\\U0000000ab\\U00000085\""),
  ])
  func quotesWhereNeeded(value: String, written: String) {
    var yaml = YAMLWriter()
    yaml.string("key", value)
    #expect(yaml.text == "key: \(written)\n")
  }

  @Test func aSecretStaysWhereItIs() {
    var yaml = YAMLWriter()
    yaml.secret("a", Secret("x", written: "${file:/run/secrets/a b}"))
    yaml.secret("b", Secret("x", written: "x"))
    #expect(yaml.text == "a: \"${file:/run/secrets/a b}\"\nb: \"***\"\n")
  }

  @Test func sortsDictionaries() {
    var yaml = YAMLWriter()
    yaml.dictionary("none", ifPresent: [String: String]()) { $0.string($1, $2) }
    yaml.dictionary("some", ifPresent: ["b": ["x"], "a b": ["z", "${"]]) { $0.strings($1, $2) }
    #expect(yaml.text == "some:\n  \"a b\":\n    - z\n    - \"$${\"\n  b:\n    - x\n")
  }

  @Test func laysOutSections() {
    var yaml = YAMLWriter()
    yaml.strings("none", [])
    yaml.strings("absent", ifPresent: [])
    yaml.string("absent", ifPresent: nil)
    yaml.section("outer") { yaml in
      yaml.plain("a b", 1)
      yaml.sections("list", ["x", "z"]) { yaml, name in
        yaml.section("inner") { $0.strings("names", [name, "${"]) }
        yaml.plain("size", "4KiB")
      }
    }
    #expect(
      yaml.text == """
        none: []
        outer:
          "a b": 1
          list:
            - inner:
                names:
                  - x
                  - "$${"
              size: 4KiB
            - inner:
                names:
                  - z
                  - "$${"
              size: 4KiB

        """)
  }

  @Test func commentsStayComments() {
    var yaml = YAMLWriter()
    yaml.comment("one\ntwo\r\nthree\u{85}four\n\n\tfive")
    yaml.space()
    yaml.sections("list", ["x", "z"]) { yaml, name in
      yaml.comment("about \(name)")
      yaml.string("name", name)
    }
    #expect(
      yaml.text == """
        # one
        # two\\u{d}\\u{a}three\\u{85}four
        #
        # \\u{9}five

        list:
          # about x
          - name: x
          # about z
          - name: z

        """)
  }

  @Test func longCommentsAreWrapped() {
    var yaml = YAMLWriter()
    let word = String(repeating: "x", count: 31)
    yaml.section("key") { $0.comment("  \(word) \(word) \(word) \(String(repeating: "y", count: 120)) z") }
    #expect(
      yaml.text == """
        key:
          #   \(word) \(word)
          #   \(word)
          #   \(String(repeating: "y", count: 120))
          #   z

        """)
  }
}
