import Bytes
import Testing

@testable import Wire

struct HeadReaderTests {
  @Test func keepsNothingOfAWholeHead() throws {
    var reader = HeadReader()
    let input = [UInt8]("\r\nA: b\r\n\r\nbody".utf8)
    var heads: [String] = []
    let rest = try input.lend { bytes in
      var left = bytes
      let isComplete = try reader.read(&left, HeadLimits()) { heads.append($0.text) }
      #expect(isComplete)
      return left.text
    }
    #expect(heads == ["A: b\r\n\r\n"])
    #expect(rest == "body")
    #expect(!reader.isPartial)
  }

  @Test func gathersPiecesAndLeavesTheRest() throws {
    var reader = HeadReader()
    var heads: [String] = []
    func feed(_ text: String) throws(WireFault) -> String? {
      try [UInt8](text.utf8).lend { (bytes) throws(WireFault) in
        var left = bytes
        let isComplete = try reader.read(&left, HeadLimits()) { heads.append($0.text) }
        return isComplete ? left.text : nil
      }
    }
    #expect(try feed("A: b\r") == nil)
    #expect(reader.isPartial)
    #expect(try feed("\n") == nil)
    #expect(try feed("\r\nnext") == "next")
    #expect(!reader.isPartial)
    #expect(try feed("B: c\r\n\r\n") == "")
    #expect(heads == ["A: b\r\n\r\n", "B: c\r\n\r\n"])
  }
}
