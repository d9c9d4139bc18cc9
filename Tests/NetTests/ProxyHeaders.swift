import Bytes
import Net

/// What became of bytes that were given to a decoder.
struct ProxyOutcome: Equatable, CustomStringConvertible {
  var words: String
  /// What stands behind the header.
  var rest: [UInt8]

  var description: String { "\(words), \(rest.count) bytes behind it" }
}

extension ProxyHeaderDecoder {
  /// Delivers `bytes` in pieces of `sizes`; the last piece is whatever is left.
  static func outcome(_ bytes: [UInt8], _ sizes: [Int] = []) -> ProxyOutcome {
    var decoder = ProxyHeaderDecoder()
    var position = 0
    for size in sizes + [bytes.count] {
      let end = min(position + size, bytes.count)
      let piece = [UInt8](bytes[position..<end])
      position = end
      let outcome = piece.withUnsafeBytes { piece -> ProxyOutcome? in
        var input = ByteView(rebasing: piece[...])
        do throws(ProxyHeaderFault) {
          guard let header = try decoder.next(&input) else { return nil }
          return ProxyOutcome(words: header.words, rest: [UInt8](input) + bytes[end...])
        } catch {
          return ProxyOutcome(words: error.reason.description, rest: [])
        }
      }
      if let outcome { return outcome }
    }
    return ProxyOutcome(words: decoder.isPartial ? "partial" : "nothing", rest: [])
  }
}

extension ProxyHeader {
  var words: String {
    guard let source, let destination else { return "no addresses" }
    return "\(source) to \(destination)"
  }
}

/// Builds version 2 headers.
struct ProxyBlockBuilder {
  var versionAndCommand: UInt8 = 0x21
  var family: UInt8 = 0x11
  var addresses: [UInt8] = [192, 0, 2, 1, 10, 0, 0, 1, 0xDC, 0x04, 0x01, 0xBB]
  var vectors: [UInt8] = []
  /// What the length says, when it does not say the truth.
  var length: Int?

  static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

  var bytes: [UInt8] {
    let length = length ?? addresses.count + vectors.count
    return Self.signature
      + [versionAndCommand, family, UInt8(length >> 8), UInt8(length & 255)] + addresses + vectors
  }

  static func vector(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
    [type, UInt8(value.count >> 8), UInt8(value.count & 255)] + value
  }
}
