import Testing
import Web

struct DisplayNameTests {
  @Test(
    arguments: [
      ("Claude Code", "Claude Code"), ("Good\u{202E}dooG", "GooddooG"), ("a\nb\u{0}c\u{200B}d\u{2028}e", "abcde"),
      (String(repeating: "x", count: 81), String(repeating: "x", count: 80)),
      // One character with a tower of marks.
      ("a" + String(repeating: "\u{301}", count: 500), "a" + String(repeating: "\u{301}", count: 79)),
      ("Überblick 🚪", "Überblick 🚪"), ("<b>", "<b>"), ("  ", nil), ("", nil), ("\u{200B}\u{3000}", nil),
    ] as [(String, String?)])
  func cleaned(_ text: String, _ expected: String?) {
    #expect(DisplayName.cleaned(text) == expected)
  }
}
