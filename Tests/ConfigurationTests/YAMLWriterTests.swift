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
}
