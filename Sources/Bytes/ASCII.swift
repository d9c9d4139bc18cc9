/// Byte values and classes of the text protocols.
public enum ASCII {
  /// Carriage return.
  @inlinable public static var cr: UInt8 { 0x0D }
  /// Line feed.
  @inlinable public static var lf: UInt8 { 0x0A }
  /// `" "`.
  @inlinable public static var space: UInt8 { 0x20 }
  /// Horizontal tab.
  @inlinable public static var tab: UInt8 { 0x09 }
  /// `:`.
  @inlinable public static var colon: UInt8 { 0x3A }
  /// `/`.
  @inlinable public static var slash: UInt8 { 0x2F }
  /// `,`.
  @inlinable public static var comma: UInt8 { 0x2C }
  /// `;`.
  @inlinable public static var semicolon: UInt8 { 0x3B }
  /// `=`.
  @inlinable public static var equals: UInt8 { 0x3D }
  /// `?`.
  @inlinable public static var question: UInt8 { 0x3F }
  /// `%`.
  @inlinable public static var percent: UInt8 { 0x25 }
  /// `"`.
  @inlinable public static var quote: UInt8 { 0x22 }
  /// `\`.
  @inlinable public static var backslash: UInt8 { 0x5C }
  /// `.`.
  @inlinable public static var dot: UInt8 { 0x2E }
  /// `-`.
  @inlinable public static var dash: UInt8 { 0x2D }

  /// Lower-cases A to Z, leaves everything else alone.
  @inlinable
  public static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  /// The same for eight bytes at once.
  @inlinable
  public static func lowercased(word: UInt64) -> UInt64 {
    let sevens = word & 0x7F7F_7F7F_7F7F_7F7F
    // The top bit of a byte: it is at least A, and not above Z, and ASCII.
    let fromA = sevens &+ 0x3F3F_3F3F_3F3F_3F3F
    let aboveZ = sevens &+ 0x2525_2525_2525_2525
    return word | (fromA & ~aboveZ & ~word & 0x8080_8080_8080_8080) >> 2
  }

  /// 0 to 9.
  @inlinable
  public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// A to Z in either case.
  @inlinable
  public static func isAlpha(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// The value of a hexadecimal digit, or nil.
  @inlinable
  public static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- 0x30 }
    let lower = byte | 0x20
    return lower &- 0x61 < 6 ? lower &- 0x57 : nil
  }

  /// A `tchar` of RFC 9110 §5.6.2, the alphabet of methods and field names.
  @inlinable
  public static func isToken(_ byte: UInt8) -> Bool {
    if isAlpha(byte) || isDigit(byte) { return true }
    switch byte {
    case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: return true
    default: return false
    }
  }

  /// A byte that may stand in a field value: visible, space, tab or obs-text (RFC 9110 §5.5).
  @inlinable
  public static func isFieldValue(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F : byte == tab
  }
}
