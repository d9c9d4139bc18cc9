import Bytes
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
    var line = offset
    while line < end {
      guard fields.count < limits.fieldCount else { throw WireFault(431, "too_many_fields") }
      line = try parseLine(fields, text, line)
    }
  }

  /// - Returns: where the next line begins.
  private static func parseLine(_ fields: Fields, _ text: ByteView, _ start: Int) throws(WireFault) -> Int {
    let colon = endOfName(text, start)
    guard colon < text.count, text[colon] == ASCII.colon else { throw faultOfName(text, start, colon) }
    guard colon > start, colon - start <= Int(UInt16.max) else { throw WireFault(400, "bad_field_name") }
    var from = colon &+ 1
    while from < text.count, isBlank(text[from]) { from &+= 1 }
    let end = endOfValue(text, from)
    guard isLineEnd(text, end) else { throw WireFault(400, "bad_field_value") }
    var to = end
    while to > from, isBlank(text[to &- 1]) { to &-= 1 }
    let name = FieldName(text.slice(start, colon &- start))
    fields.register(name, start, colon &- start, from, to &- from)
    return end &+ 2
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

  private static func isLineEnd(_ text: ByteView, _ index: Int) -> Bool {
    index &+ 2 <= text.count && text[index] == ASCII.cr && text[index &+ 1] == ASCII.lf
  }

  private static func faultOfName(_ text: ByteView, _ start: Int, _ at: Int) -> WireFault {
    guard at < text.count, !isLineEnd(text, at) else { return WireFault(400, "field_without_colon") }
    if isBlank(text[at]) {
      return at == start ? WireFault(400, "obsolete_line_folding") : WireFault(400, "space_before_colon")
    }
    return WireFault(400, "bad_field_name")
  }

  // MARK: Eight bytes at a time: these loops see every byte of every head

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080
  private static let sevens: UInt64 = 0x7F7F_7F7F_7F7F_7F7F

  /// The first byte from `start` on that belongs to no name. Letters, digits and dashes are what names are made of;
  /// the other characters that may stand in one are looked at one by one.
  private static func endOfName(_ text: ByteView, _ start: Int) -> Int {
    var index = start
    while index &+ 8 <= text.count {
      let unusual =
        ~usualInNames(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self))) & highs
      if unusual == 0 {
        index &+= 8
        continue
      }
      index &+= unusual.trailingZeroBitCount &>> 3
      guard isNameByte(text[index]) else { return index }
      index &+= 1
    }
    while index < text.count, isNameByte(text[index]) { index &+= 1 }
    return index
  }

  /// The top bit of each byte that is a letter, a digit or a dash. Sums of seven bits never reach the next byte.
  @inline(__always)
  private static func usualInNames(_ word: UInt64) -> UInt64 {
    let letters = (word | ones &* 0x20) & sevens
    let digits = word & sevens
    let isLetter = (letters &+ ones &* (0x80 - 0x61)) & ~(letters &+ ones &* (0x80 - 0x7B))
    let isDigit = (digits &+ ones &* (0x80 - 0x30)) & ~(digits &+ ones &* (0x80 - 0x3A))
    let isNoDash = ((word ^ ones &* 0x2D) & sevens) &+ sevens
    return (isLetter | isDigit | ~isNoDash) & ~word
  }

  /// The first byte from `start` on that may not stand in a value: the CR of the line's end, if all is well.
  private static func endOfValue(_ text: ByteView, _ start: Int) -> Int {
    var index = start
    while index &+ 8 <= text.count {
      let odd = oddInValues(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      if odd == 0 {
        index &+= 8
        continue
      }
      index &+= odd.trailingZeroBitCount &>> 3
      guard text[index] == ASCII.tab else { return index }
      index &+= 1
    }
    while index < text.count, ASCII.isFieldValue(text[index]) { index &+= 1 }
    return index
  }

  /// The top bit of the first byte that is a control character, if there is one; what follows it says nothing.
  @inline(__always)
  private static func oddInValues(_ word: UInt64) -> UInt64 {
    let delete = word ^ ones &* 0x7F
    return ((word &- ones &* 0x20) & ~word | (delete &- ones) & ~delete) & highs
  }

  // MARK: Byte by byte

  /// `tchar` by table look-up in two words: this loop sees every byte of every name.
  @inline(__always)
  static func isNameByte(_ byte: UInt8) -> Bool {
    let word: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
    return byte < 128 && word >> UInt64(byte & 63) & 1 == 1
  }

  /// Whether no control character but tab stands in the value.
  static func isValue(_ value: ByteView) -> Bool { endOfValue(value, 0) == value.count }
}
