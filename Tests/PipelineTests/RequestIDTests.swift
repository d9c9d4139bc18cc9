import Bytes
import Testing

@testable import Pipeline

struct RequestIDTests {
  @Test func twentyHexadecimalDigits() {
    #expect(RequestID.zero.text == "00000000000000000000")
    let text = RequestID.next().text
    #expect(text.utf8.count == 20)
    #expect(text.utf8.allSatisfy { ASCII.hexValue($0) != nil && !(0x41...0x5A).contains($0) })
  }

  /// Every digit in every place.
  @Test(
    arguments: [
      (0x0123_4567, 0x89ab_cdef_0123, "0123456789abcdef0123"), (0x89ab_cdef, 0x4567_89ab_cdef, "89abcdef456789abcdef"),
      (0xffff_ffff, 0xffff_ffff_ffff, "ffffffffffffffffffff"), (1, 0xa, "0000000100000000000a"),
    ] as [(UInt32, UInt64, String)])
  func digits(process: UInt32, number: UInt64, text: String) {
    #expect(RequestID(process: process, number: number).text == text)
  }

  @Test func namesOneRequestOfOneProcess() {
    let first = RequestID.next()
    let second = RequestID.next()
    #expect(first != second)
    #expect(first != .zero)
    #expect(first.text.prefix(8) == second.text.prefix(8))
    #expect(first.text.prefix(8) != "00000000")
  }
}
