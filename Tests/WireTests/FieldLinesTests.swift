import Bytes
import HTTP
import Testing

@testable import Wire

struct FieldLinesTests {
  private func parse(_ text: String, count: Int = 10) throws(WireFault) -> Fields {
    let fields = Fields(capacity: 16)
    [UInt8](text.utf8).lend { _ = fields.store($0) }
    try FieldLines.parse(
      into: fields, from: 0, to: text.utf8.count, HeadLimits(headSize: 1 << 20, targetSize: 10, fieldCount: count))
    return fields
  }

  private func fault(_ text: String) -> String? {
    do throws(WireFault) {
      _ = try parse(text)
      return nil
    } catch {
      return error.reason.description
    }
  }

  /// The table look-ups agree with the grammar on every byte.
  @Test func everyByteOfNamesAndValues() {
    for byte in UInt8.min...UInt8.max where byte != ASCII.lf && byte != ASCII.cr {
      for (prefix, suffix) in [("", ""), ("a", ""), ("", "b"), ("abcdefgh", "ijklmnop")] {
        let name = prefix.utf8 + [byte] + suffix.utf8
        let value = prefix.utf8 + [byte] + suffix.utf8
        #expect((faultOf(name, [0x78]) == nil) == ASCII.isToken(byte) || byte == ASCII.colon, "name with \(byte)")
        #expect((faultOf([0x78], value) == nil) == ASCII.isFieldValue(byte), "value with \(byte)")
      }
    }
  }

  private func faultOf(_ name: [UInt8], _ value: [UInt8]) -> String? {
    let fields = Fields(capacity: 16)
    let line = name + [ASCII.colon] + value + [ASCII.cr, ASCII.lf]
    line.lend { _ = fields.store($0) }
    do throws(WireFault) {
      try FieldLines.parse(into: fields, from: 0, to: line.count, HeadLimits())
      return nil
    } catch {
      return error.reason.description
    }
  }

  /// Control characters are found wherever they stand in a word of eight bytes.
  @Test func controlCharactersAtEveryOffset() {
    for length in 1...40 {
      for offset in 0..<length {
        for byte: UInt8 in [0x00, 0x01, 0x1F, 0x7F] {
          var value = [UInt8](repeating: 0xFF, count: length)
          value[offset] = byte
          #expect(faultOf([0x78], value) == "bad_field_value", "\(byte) at \(offset) of \(length)")
        }
        var value = [UInt8](repeating: 0x78, count: length)
        value[offset] = 0x80
        #expect(faultOf([0x78], value) == nil, "obs-text at \(offset) of \(length)")
      }
    }
  }

  @Test func trimsAndClassifies() throws {
    let fields = try parse("HOST:a\r\nX-y: \t b c \t\r\nEmpty:\r\nBlank: \t \r\nColon: :a:\r\n")
    #expect(fields.line == "HOST=a|X-y=b c|Empty=|Blank=|Colon=:a:")
    #expect((0..<5).map { fields.name($0) } == [.host, .other, .other, .other, .other])
  }

  @Test func emptySectionsAreFine() throws { #expect(try parse("").count == 0) }

  @Test func namesHaveALimit() {
    let longest = String(repeating: "n", count: 65_535)
    #expect(fault("\(longest): x\r\n") == nil)
    #expect(fault("\(longest)n: x\r\n") == "bad_field_name")
  }

  @Test func linesAreCounted() throws {
    #expect(try parse("A: 1\r\nB: 2\r\n", count: 2).count == 2)
    #expect(throws: WireFault(431, "too_many_fields")) { try parse("A: 1\r\nB: 2\r\n", count: 1) }
  }
}
