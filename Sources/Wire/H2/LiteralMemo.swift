import Bytes
import CNghttp2

/// Spares a connection the reading of credentials that come with request after request: an access token.
///
/// Clients do not index them (RFC 7541 §7.1.3), so that each request has the token anew. To decode one of a kilobyte,
/// and then to look at each of its bytes, costs the library more than all else that it does for a request. Credentials
/// that are known already are taken out of the frame: the library gets an empty value, and whoever it reports the
/// field to puts the known one in its place. It reads every value the first time itself, and what a value in Huffman
/// code is remembered by is proved by encoding it again.
struct LiteralMemo {
  private var encoded: [UInt8] = []
  private var encodedIsHuffman = false
  private var decoded: [UInt8] = []
  /// Bytes whose meaning the field section that is being read will tell.
  private var awaited: [UInt8] = []
  private var awaitedIsHuffman = false
  /// Values that may still be learned: on a connection where each is another one, it would be work for nothing.
  private var budget = LiteralMemo.budgetLimit

  private static let budgetLimit = 8
  /// Bytes as they come that are worth it, and that are kept.
  private static let lengths = 128...8_192
  /// Of Authorization in the static table (RFC 7541, appendix A). Its value has no part in any rule of the library's.
  private static let authorization = 23

  enum Step: Equatable {
    /// The frame goes to the library as it is.
    case unchanged
    /// The same; while the library reads it, `received` is to be called with each value.
    case learning
    /// The frame in the buffer goes to the library in its place. The value of the field with that number, counted
    /// from 0, is the known one.
    case rewritten(field: Int)
  }

  /// Looks at a HEADERS frame that holds a whole field section.
  ///
  /// - Parameter target: where a rewritten frame is written to; empty.
  mutating func step(_ frame: ByteView, _ target: ByteBuffer) -> Step {
    guard let value = Self.credentials(frame) else { return .unchanged }
    let code = frame.slice(value.start, value.count)
    if encodedIsHuffman == value.isHuffman, encoded.withUnsafeBytes({ $0.equals(code) }) {
      let rest = frame.from(value.start + value.count)
      let length = value.prefix - 9 + 1 + rest.count
      target.append(UInt8(truncatingIfNeeded: length >> 16))
      target.append(UInt8(truncatingIfNeeded: length >> 8))
      target.append(UInt8(truncatingIfNeeded: length))
      target.append(frame.slice(3, value.prefix - 3))
      target.append(0 as UInt8)
      target.append(rest)
      budget = min(budget + 1, Self.budgetLimit)
      return .rewritten(field: value.field)
    }
    guard budget > 0 else { return .unchanged }
    budget -= 1
    awaited = [UInt8](code)
    awaitedIsHuffman = value.isHuffman
    return .learning
  }

  /// A value of the field section that is being learned from.
  mutating func received(_ value: ByteView) {
    guard value.count >= awaited.count, RequestAssembly.isValue(value),
      awaited.withUnsafeBytes({ awaitedIsHuffman ? Self.isCode($0, of: value) : $0.equals(value) })
    else { return }
    encoded = awaited
    encodedIsHuffman = awaitedIsHuffman
    decoded = [UInt8](value)
    awaited = []
  }

  /// Lends the known value; it is one that `RequestAssembly` takes.
  func withValue<Result>(_ body: (ByteView) -> Result) -> Result { decoded.withUnsafeBytes { body($0) } }

  // MARK: Reading HPACK (RFC 7541 §6)

  /// The number of the field, where the value's length stands, and where it stands itself.
  private typealias Value = (field: Int, prefix: Int, start: Int, count: Int, isHuffman: Bool)

  /// The last Authorization that does not enter the table and is worth it.
  private static func credentials(_ frame: ByteView) -> Value? {
    // Behind the header and, if there is one, the priority.
    var at = frame[4] & 0x20 != 0 ? 14 : 9
    var found: Value?
    var field = 0
    while at < frame.count {
      let first = frame[at]
      // Not a field, but a size of the table.
      if first & 0xE0 == 0x20 {
        guard integer(frame, &at, bits: 5) != nil else { return nil }
        continue
      }
      defer { field += 1 }
      if first & 0x80 != 0 {
        guard integer(frame, &at, bits: 7) != nil else { return nil }
        continue
      }
      let isIndexed = first & 0x40 != 0
      guard let index = integer(frame, &at, bits: isIndexed ? 6 : 4) else { return nil }
      if index == 0 {
        guard let length = integer(frame, &at, bits: 7), length <= frame.count - at else { return nil }
        at += length
      }
      guard at < frame.count else { return nil }
      let prefix = at
      let isHuffman = frame[at] & 0x80 != 0
      guard let count = integer(frame, &at, bits: 7), count <= frame.count - at else { return nil }
      if index == authorization, !isIndexed, lengths ~= count { found = (field, prefix, at, count, isHuffman) }
      at += count
    }
    return found
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

  /// Whether `code` is what the library makes of `value`: the code is unambiguous.
  private static func isCode(_ code: ByteView, of value: ByteView) -> Bool {
    var deflater: OpaquePointer?
    guard nghttp2_hd_deflate_new(&deflater, 4_096) == 0 else { return false }
    defer { nghttp2_hd_deflate_del(deflater) }
    return FieldSection.with([("a", value)], nil) { pairs, _ in
      var pair = pairs?.pointee ?? nghttp2_nv()
      pair.flags = UInt8(truncatingIfNeeded: NGHTTP2_NV_FLAG_NO_INDEX.rawValue)
      let output = ByteBuffer()
      let room = nghttp2_hd_deflate_bound(deflater, &pair, 1)
      let written = nghttp2_hd_deflate_hd(
        deflater, output.reserve(room).assumingMemoryBound(to: UInt8.self), room, &pair, 1)
      guard written > 3 else { return false }
      output.commit(written)
      // A literal that is never indexed, with a name of one letter: three bytes, then the value.
      var at = 3
      return output.view[3] & 0x80 != 0 && integer(output.view, &at, bits: 7) == code.count
        && output.view.from(at).equals(code)
    }
  }
}
