import Bytes
import Glibc
import HTTP

/// Parses field lines that stand in the text of a `Fields` (RFC 9112 §5), strictly.
enum FieldLines {
  /// - Parameters:
  ///   - offset: where the first field line begins in the text of `fields`.
  ///   - end: behind the CR LF of the last field line. Every line ends with CR LF.
  static func parse(
    into fields: Fields, from offset: Int, to end: Int, _ limits: HeadLimits
  ) throws(WireFault) {
    let text = fields.text(0, end)
    guard let base = text.baseAddress else { return }
    var line = offset
    while line < end {
      guard let found = memchr(base + line, Int32(ASCII.lf), end - line) else {
        throw WireFault(400, "bad_field_line")
      }
      let next = base.distance(to: UnsafeRawPointer(found)) + 1
      guard fields.count < limits.fieldCount else { throw WireFault(431, "too_many_fields") }
      try parseLine(fields, text, line, next - 2)
      line = next
    }
  }

  private static func parseLine(_ fields: Fields, _ text: ByteView, _ start: Int, _ end: Int)
    throws(WireFault)
  {
    var colon = start
    while colon < end, isNameByte(text[colon]) { colon &+= 1 }
    guard colon < end, text[colon] == ASCII.colon else { throw faultOfName(text, start, colon, end) }
    guard colon > start, colon - start <= Int(UInt16.max) else { throw WireFault(400, "bad_field_name") }
    var from = colon + 1
    while from < end, text[from] == ASCII.space || text[from] == ASCII.tab { from &+= 1 }
    var to = end
    while to > from, text[to - 1] == ASCII.space || text[to - 1] == ASCII.tab { to &-= 1 }
    guard isValue(text.slice(from, to - from)) else { throw WireFault(400, "bad_field_value") }
    let name = FieldName(text.slice(start, colon - start))
    fields.register(name, start, colon - start, from, to - from)
  }

  private static func faultOfName(_ text: ByteView, _ start: Int, _ at: Int, _ end: Int) -> WireFault {
    guard at < end else { return WireFault(400, "field_without_colon") }
    if text[at] == ASCII.space || text[at] == ASCII.tab {
      return at == start ? WireFault(400, "obsolete_line_folding") : WireFault(400, "space_before_colon")
    }
    return WireFault(400, "bad_field_name")
  }

  /// `tchar` by table look-up in two words: this loop sees every byte of every name.
  @inline(__always)
  static func isNameByte(_ byte: UInt8) -> Bool {
    let word: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
    return byte < 128 && word >> UInt64(byte & 63) & 1 == 1
  }

  /// Whether no control character but tab stands in the value, eight bytes at a time.
  @inline(__always)
  static func isValue(_ value: ByteView) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var index = 0
    while index &+ 8 <= value.count {
      let word = value.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let below = (word &- ones &* 0x20) & ~word & highs
      let delete = word ^ (ones &* 0x7F)
      let isDelete = (delete &- ones) & ~delete & highs
      if below | isDelete != 0 {
        for offset in index..<index + 8 where !ASCII.isFieldValue(value[offset]) { return false }
      }
      index &+= 8
    }
    while index < value.count {
      if !ASCII.isFieldValue(value[index]) { return false }
      index &+= 1
    }
    return true
  }
}
