import Bytes
import CNghttp2

/// Spares a connection the Huffman code of a long field value that comes with request after request: an access token.
///
/// Clients do not index credentials (RFC 7541 §7.1.3), so that each request has the token anew, and to decode one of a
/// kilobyte costs the library more than all else that it does for a request. What is known already is put into the
/// frame undecoded, as a plain literal: to the library it is the same field section. It decodes every value the first
/// time itself, and what it is remembered by is proved by encoding it again.
struct LiteralMemo {
  private var encoded: [UInt8] = []
  private var decoded: [UInt8] = []
  /// Bytes in Huffman code whose meaning the field section that is being read will tell.
  private var awaited: [UInt8] = []
  /// Values that may still be learned: on a connection where each is another one, it would be work for nothing.
  private var budget = LiteralMemo.budgetLimit

  private static let budgetLimit = 8
  /// Bytes in Huffman code that are worth it, and that are kept.
  private static let lengths = 128...8_192
  private static let frameSize = 16_384

  enum Step {
    /// The frame goes to the library as it is.
    case unchanged
    /// The same; while the library reads it, `received` is to be called with each value.
    case learning
    /// The frame in the buffer goes to the library in its place.
    case rewritten
  }

  /// Looks at a HEADERS frame that holds a whole field section.
  ///
  /// - Parameter target: where a rewritten frame is written to; empty.
  mutating func step(_ frame: ByteView, _ target: ByteBuffer) -> Step {
    guard let value = Self.longestValue(frame) else { return .unchanged }
    let code = frame.slice(value.start, value.count)
    if encoded.withUnsafeBytes({ $0.equals(code) }) {
      let plain = Self.lengthSize(decoded.count) + decoded.count
      let length = frame.count - 9 - (value.start - value.prefix) - value.count + plain
      guard length <= Self.frameSize else { return .unchanged }
      target.append(UInt8(truncatingIfNeeded: length >> 16))
      target.append(UInt8(truncatingIfNeeded: length >> 8))
      target.append(UInt8(truncatingIfNeeded: length))
      target.append(frame.slice(3, value.prefix - 3))
      Self.append(length: decoded.count, flag: 0, to: target)
      target.append(decoded)
      target.append(frame.from(value.start + value.count))
      budget = min(budget + 1, Self.budgetLimit)
      return .rewritten
    }
    guard budget > 0 else { return .unchanged }
    budget -= 1
    awaited = [UInt8](code)
    return .learning
  }

  /// A value of the field section that is being learned from.
  mutating func received(_ value: ByteView) {
    guard value.count >= awaited.count, awaited.withUnsafeBytes({ Self.isCode($0, of: value) }) else { return }
    encoded = awaited
    decoded = [UInt8](value)
    awaited = []
  }

  // MARK: Reading HPACK (RFC 7541 §6)

  private typealias Value = (prefix: Int, start: Int, count: Int)

  /// The longest value in Huffman code that is worth it: where its length stands, and where it stands itself.
  private static func longestValue(_ frame: ByteView) -> Value? {
    // Behind the header and, if there is one, the priority.
    var at = frame[4] & 0x20 != 0 ? 14 : 9
    var longest: Value?
    while at < frame.count {
      let first = frame[at]
      if first & 0x80 != 0 {
        guard integer(frame, &at, bits: 7) != nil else { return nil }
        continue
      }
      if first & 0xE0 == 0x20 {
        guard integer(frame, &at, bits: 5) != nil else { return nil }
        continue
      }
      guard let index = integer(frame, &at, bits: first & 0x40 != 0 ? 6 : 4) else { return nil }
      if index == 0 {
        guard let length = integer(frame, &at, bits: 7), length <= frame.count - at else { return nil }
        at += length
      }
      guard at < frame.count else { return nil }
      let prefix = at
      let isCode = frame[at] & 0x80 != 0
      guard let count = integer(frame, &at, bits: 7), count <= frame.count - at else { return nil }
      if isCode, lengths ~= count, count > longest?.count ?? 0 { longest = (prefix, at, count) }
      at += count
    }
    return longest
  }

  /// An integer with a prefix of so many bits (RFC 7541 §5.1); nil: too large, or cut short.
  private static func integer(_ bytes: ByteView, _ at: inout Int, bits: Int) -> Int? {
    guard at < bytes.count else { return nil }
    let mask = (1 << bits) - 1
    var value = Int(bytes[at]) & mask
    at += 1
    guard value == mask else { return value }
    var shift = 0
    while shift <= 14, at < bytes.count {
      let byte = Int(bytes[at])
      at += 1
      value += (byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }

  // MARK: Writing HPACK

  private static func lengthSize(_ length: Int) -> Int {
    length < 127 ? 1 : length < 127 + 128 ? 2 : length < 127 + 16_384 ? 3 : 4
  }

  private static func append(length: Int, flag: UInt8, to target: ByteBuffer) {
    guard length >= 127 else { return target.append(flag | UInt8(truncatingIfNeeded: length)) }
    target.append(flag | 127)
    var rest = length - 127
    while rest >= 128 {
      target.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    target.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Whether `code` is what the library makes of `value`: the code is unambiguous.
  private static func isCode(_ code: ByteView, of value: ByteView) -> Bool {
    var deflater: OpaquePointer?
    guard nghttp2_hd_deflate_new(&deflater, 4_096) == 0 else { return false }
    defer { nghttp2_hd_deflate_del(deflater) }
    // A literal that is never indexed, with a name of one letter: three bytes, then the value.
    let expected = ByteBuffer()
    append(length: code.count, flag: 0x80, to: expected)
    expected.append(code)
    return FieldSection.with([("a", value)], nil) { pairs, _ in
      var pair = pairs?.pointee ?? nghttp2_nv()
      pair.flags = UInt8(truncatingIfNeeded: NGHTTP2_NV_FLAG_NO_INDEX.rawValue)
      let output = ByteBuffer()
      let room = nghttp2_hd_deflate_bound(deflater, &pair, 1)
      let written = nghttp2_hd_deflate_hd(
        deflater, output.reserve(room).assumingMemoryBound(to: UInt8.self), room, &pair, 1)
      guard written == 3 + expected.count else { return false }
      output.commit(written)
      return output.view.from(3).equals(expected.view)
    }
  }
}
