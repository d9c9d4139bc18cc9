import JOSE
import Testing

struct ConstantTimeTests {
  @Test(arguments: [
    ("", "", true), ("a", "a", true), ("secret", "secret", true), ("secret", "secreT", false),
    ("secret", "Secret", false),
    ("secret", "secre", false), ("", "a", false), ("\u{E9}", "e\u{301}", false),
  ])
  func equality(_ one: String, _ other: String, _ isEqual: Bool) {
    #expect(ConstantTime.equals(one, other) == isEqual)
    #expect(ConstantTime.equals([UInt8](one.utf8), [UInt8](other.utf8)) == isEqual)
  }
}
