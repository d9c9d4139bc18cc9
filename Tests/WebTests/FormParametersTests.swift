import Testing
@testable import Web

@Suite struct FormParametersTests {
  @Test(
    arguments: [
      ("a=1&b=2", "a", "1"),
      ("a=x+y%20z", "a", "x y z"),
      ("a=%C3%BC", "a", "ü"),
      ("a%3D=1", "a=", "1"),
      ("a=b=c", "a", "b=c"),
      ("a=1&a=2", "a", "1"),
      ("a=&a=2", "a", "2"),
      ("&&a=1&", "a", "1"),
      ("a", "a", nil),
      ("a=", "a", nil),
      ("", "a", nil),
    ] as [(String, String, String?)])
  func decodes(text: String, name: String, expected: String?) {
    #expect(FormParameters(text.utf8)?[name] == expected)
    #expect(FormParameters(text.utf8) != nil)
  }

  @Test(arguments: ["a=%", "a=%4", "a=%zz", "%=1", "a=%ff"])
  func refusesBrokenEncoding(text: String) {
    #expect(FormParameters(text.utf8) == nil)
  }

  /// Kiro sends redirect URI and resource as they are.
  @Test(
    arguments: [
      ("a=%", "%"), ("a=%4", "%4"), ("a=%zz", "%zz"), ("a=%%41", "%A"), ("a=100%&b=1", "100%"),
      ("a=http://localhost:1/oauth/callback&b=1", "http://localhost:1/oauth/callback"),
      ("a=https://mcp.example.com/x?y=z", "https://mcp.example.com/x?y=z"), ("a=x+y%20z", "x y z"),
    ])
  func theLenientReadingTakesAStrayPercentSignForItself(text: String, expected: String) {
    #expect(FormParameters(lenient: text.utf8)?["a"] == expected)
  }

  @Test func theLenientReadingHasLimitsToo() {
    #expect(FormParameters(lenient: "a=%ff".utf8) == nil)
    #expect(FormParameters(lenient: Array(repeating: "a=1", count: 65).joined(separator: "&").utf8) == nil)
  }

  @Test(
    arguments: [
      ("a=1", false), ("a=1&a=1", false), ("a=1&a=2", true), ("a=&a=2", false), ("b=1&b=2", false),
      ("a=%C3%A9&a=e%CC%81", true),
    ])
  func tellsDifferentValuesOfOneParameter(text: String, expected: Bool) {
    #expect(FormParameters(text.utf8)?.isAmbiguous("a") == expected)
  }

  @Test func refusesTooMany() {
    #expect(FormParameters(Array(repeating: "a=1", count: 64).joined(separator: "&").utf8) != nil)
    #expect(FormParameters(Array(repeating: "a=1", count: 65).joined(separator: "&").utf8) == nil)
  }

  @Test func noticesRepeatedNamesButLetsResourcesRepeat() {
    #expect(FormParameters("a=1&b=2".utf8)?.hasRepeated == false)
    #expect(FormParameters("a=1&a=1".utf8)?.hasRepeated == true)
    let resources = FormParameters("resource=x&resource=y&resource=".utf8)
    #expect(resources?.hasRepeated == false)
    #expect(resources?.all("resource") == ["x", "y"])
  }

  @Test func encodesEverythingButUnreserved() {
    #expect(
      FormParameters.query([("a b", "x&y=ü\r\n"), ("c", "-._~9")]) == "a%20b=x%26y%3D%C3%BC%0D%0A&c=-._~9")
  }
}
