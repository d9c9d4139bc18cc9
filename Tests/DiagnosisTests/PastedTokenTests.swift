import Testing

@testable import Diagnosis

struct PastedTokenTests {
  @Test(arguments: [
    ("abc.def.ghi", "abc.def.ghi"), ("  abc\n", "abc"), ("Bearer abc", "abc"), ("bearer   abc\r\n", "abc"),
    ("\tBEARER abc ", "abc"), ("Bearer Bearer abc", "Bearer abc"), ("Bearerabc", "Bearerabc"),
    ("one two", "one two"),
  ])
  func whatCameAlongIsTakenOff(_ input: String, _ token: String) throws {
    #expect(try PastedToken(Array(input.utf8)).bytes == Array(token.utf8))
  }

  @Test(arguments: ["", " \n\t ", "Bearer", "Bearer \n"])
  func nothingIsNoToken(_ input: String) {
    #expect(throws: PastedToken.Fault.empty) { try PastedToken(Array(input.utf8)) }
  }

  @Test func lengthIsBounded() throws {
    let longest = [UInt8](repeating: 0x61, count: PastedToken.longest)
    #expect(try PastedToken(longest).bytes.count == PastedToken.longest)
    #expect(throws: PastedToken.Fault.tooLong) { try PastedToken(longest + [0x61]) }
  }
}
