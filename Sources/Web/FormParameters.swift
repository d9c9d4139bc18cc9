import Bytes
import JSON

/// The parameters of a query or of an `application/x-www-form-urlencoded` body.
package struct FormParameters: Sendable {
  private let pairs: [(name: String, value: String)]

  /// - Returns: nil when there are too many parameters or the encoding is broken.
  package init?(_ text: some Sequence<UInt8>, limit: Int = 64) {
    self.init(text, limit, takesStrayPercent: false)
  }

  /// The same, but a percent sign without two hexadecimal digits behind it stands for itself: some clients put URLs
  /// into a query as they are.
  package init?(lenient text: some Sequence<UInt8>, limit: Int = 64) {
    self.init(text, limit, takesStrayPercent: true)
  }

  private init?(_ text: some Sequence<UInt8>, _ limit: Int, takesStrayPercent: Bool) {
    var pairs = [(name: String, value: String)]()
    for part in Array(text).split(separator: UInt8(ascii: "&")) {
      guard pairs.count < limit else { return nil }
      let name = part.prefix { $0 != ASCII.equals }
      guard let decodedName = Self.decoded(name, takesStrayPercent),
        let value = Self.decoded(part.dropFirst(name.count + 1), takesStrayPercent)
      else { return nil }
      pairs.append((decodedName, value))
    }
    self.pairs = pairs
  }

  /// The parameter's value. One without a value counts as omitted (RFC 6749 §3.1).
  package subscript(name: String) -> String? {
    pairs.first { $0.name.hasSameBytes(as: name) && !$0.value.isEmpty }?.value
  }

  /// Whether a parameter occurs more than once, which RFC 6749 §3.1 forbids; `resource` may repeat (RFC 8707
  /// §2).
  package var hasRepeated: Bool {
    var seen = Set<String>()
    return pairs.contains { $0.name != "resource" && !seen.insert($0.name).inserted }
  }

  /// Whether a parameter has several values that differ, so that nobody can tell which one is meant.
  package func isAmbiguous(_ name: String) -> Bool {
    let values = all(name)
    return values.dropFirst().contains { !$0.hasSameBytes(as: values[0]) }
  }

  package func all(_ name: String) -> [String] {
    pairs.filter { $0.name.hasSameBytes(as: name) && !$0.value.isEmpty }.map(\.value)
  }

  private static func decoded(_ text: ArraySlice<UInt8>, _ takesStrayPercent: Bool) -> String? {
    var bytes = [UInt8]()
    bytes.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case 0x2B: bytes.append(ASCII.space)
      case ASCII.percent:
        let digits = rest.prefix(2).compactMap(ASCII.hexValue)
        if digits.count == 2 {
          bytes.append(digits[0] << 4 | digits[1])
          rest = rest.dropFirst(2)
        } else if takesStrayPercent {
          bytes.append(byte)
        } else {
          return nil
        }
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Percent-encodes everything but the unreserved characters (RFC 3986 §2.3), and joins the pairs to a
  /// query.
  package static func query(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
  }

  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes = [UInt8]()
    for byte in text.utf8 {
      switch byte {
      case ASCII.dash, ASCII.dot, 0x5F, 0x7E: bytes.append(byte)
      case _ where ASCII.isAlpha(byte) || ASCII.isDigit(byte): bytes.append(byte)
      default: bytes += [ASCII.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
