import JSON
import Testing

@testable import Diagnosis

struct IndentedJSONTests {
  @Test func membersStandOnLinesOfTheirOwn() {
    let value: JSONValue = ["a": 1, "b": ["x", .null], "c": ["d": true], "e": .object([:]), "f": .array([])]
    #expect(
      IndentedJSON.text(value) == """
        {
          "a": 1,
          "b": [
            "x",
            null
          ],
          "c": {
            "d": true
          },
          "e": {},
          "f": []
        }
        """)
  }

  /// Claims come from strangers: no escape sequences for terminals, no text that runs backwards.
  @Test(arguments: [
    ("a\u{1B}[2Jb", #""a\u001b[2Jb""#), ("a\u{9B}b", #""a\u009bb""#), ("a\u{202E}b", #""a\u202eb""#),
    ("a\u{7F}", #""a\u007f""#), ("ä€😀", "\"ä€😀\""), ("\u{E0001}", #""\udb40\udc01""#), ("q\"\\\n", #""q\"\\\n""#),
  ])
  func nothingActsOnATerminal(_ text: String, _ written: String) throws {
    #expect(IndentedJSON.text(.string(text)) == written)
    #expect(try JSONValue.parse(Array(written.utf8)) == .string(text))
  }
}
