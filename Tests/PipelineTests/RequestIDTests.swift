import Bytes
import Testing

@testable import Pipeline

struct RequestIDTests {
  @Test func twentyHexadecimalDigits() {
    #expect(RequestID.zero.withText { $0.text } == "00000000000000000000")
    let text = RequestID.next().withText { $0.text }
    #expect(text.utf8.count == 20)
    #expect(text.utf8.allSatisfy { ASCII.hexValue($0) != nil && !(0x41...0x5A).contains($0) })
  }

  @Test func namesOneRequestOfOneProcess() {
    let first = RequestID.next()
    let second = RequestID.next()
    #expect(first != second)
    #expect(first != .zero)
    #expect(first.withText { $0.slice(0, 8).text } == second.withText { $0.slice(0, 8).text })
    #expect(first.withText { $0.slice(0, 8).text } != "00000000")
  }
}
