import Bytes
import Testing

struct ByteViewTests {
  private func lend<Result>(_ text: String, _ body: (ByteView) -> Result) -> Result {
    [UInt8](text.utf8).withUnsafeBytes(body)
  }

  @Test func slices() {
    lend("abcdef") { view in
      #expect(view.slice(1, 3).text == "bcd")
      #expect(view.slice(6, 0).count == 0)
      #expect(view.from(4).text == "ef")
      #expect(view.from(6).count == 0)
    }
  }

  @Test func comparesWithLiterals() {
    lend("Abc") { view in
      #expect(view.equals("Abc"))
      #expect(!view.equals("abc"))
      #expect(!view.equals("Abcd"))
      #expect(!view.equals("Ab"))
      #expect(view.equalsIgnoringCase("abc"))
      #expect(!view.equalsIgnoringCase("abd"))
      #expect(!view.equalsIgnoringCase("abcd"))
    }
    lend("") { view in
      #expect(view.equals(""))
      #expect(!view.equals("a"))
    }
    #expect(ByteView(start: nil, count: 0).equals(""))
  }

  /// Only letters have two cases: `[` and `{` differ by the same bit.
  @Test func caseIsThatOfLettersOnly() {
    lend("[") { #expect(!$0.equalsIgnoringCase("{")) }
    lend("@") { #expect(!$0.equalsIgnoringCase("`")) }
  }

  @Test func comparesWithEachOther() {
    lend("ab") { one in
      lend("ab") { #expect(one.equals($0)) }
      lend("ac") { #expect(!one.equals($0)) }
      lend("abc") { #expect(!one.equals($0)) }
    }
    lend("") { #expect($0.equals(ByteView(start: nil, count: 0))) }
    #expect(ByteView(start: nil, count: 0).equals(ByteView(start: nil, count: 0)))
  }

  @Test func textOfBytesThatAreNoUTF8() {
    [UInt8]([0x61, 0xFF, 0x62]).withUnsafeBytes { #expect($0.text == "a\u{FFFD}b") }
  }
}
