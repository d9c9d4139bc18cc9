import Testing

@testable import Diagnosis

struct PrintableTextTests {
  @Test(arguments: [
    ("plain text", "plain text"), ("ä €", "ä €"), ("a\nb", "a\\u{a}b"), ("\u{1B}[31m", "\\u{1b}[31m"),
    ("a\u{202E}b", "a\\u{202e}b"), ("a\u{A0}b", "a\\u{a0}b"),
  ])
  func onOneLine(_ text: String, _ printable: String) { #expect(text.printable == printable) }
}
