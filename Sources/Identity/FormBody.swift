import Bytes

/// A body of `application/x-www-form-urlencoded` (WHATWG URL §5.2; RFC 6749 appendix B).
package struct FormBody {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func append(_ name: StaticString, _ value: some Sequence<UInt8>) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(ASCII.equals)
    bytes += Self.encode(value)
  }

  package mutating func append(_ name: StaticString, _ value: String) { append(name, value.utf8) }

  static func encode(_ value: some Sequence<UInt8>) -> [UInt8] {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(value.underestimatedCount)
    for byte in value {
      switch byte {
      case ASCII.space: encoded.append(UInt8(ascii: "+"))
      case ASCII.dash, ASCII.dot, UInt8(ascii: "_"), UInt8(ascii: "*"): encoded.append(byte)
      case _ where ASCII.isAlpha(byte) || ASCII.isDigit(byte): encoded.append(byte)
      default: encoded += [ASCII.percent, digit(byte >> 4), digit(byte & 15)]
      }
    }
    return encoded
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
