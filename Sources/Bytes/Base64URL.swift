/// Base64 with the URL and file-name safe alphabet, without padding (RFC 4648 §5, RFC 7515 §2).
public enum Base64URL {
  /// The same for text.
  public static func decode(text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode(ByteView($0)) }
  }

  /// Decodes strictly: no padding, no foreign characters, no left-over bits (so every value has one
  /// spelling).
  ///
  /// - Returns: nil when `text` is not canonical base64url.
  public static func decode(_ text: ByteView) -> [UInt8]? {
    guard let length = decodedLength(of: text) else { return nil }
    var isCanonical = false
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { target, count in
      isCanonical = decode(text, into: UnsafeMutableRawBufferPointer(target))
      count = isCanonical ? target.count : 0
    }
    return isCanonical ? bytes : nil
  }

  /// Bytes that `text` stands for when it is base64url; nil when nothing of that length is.
  public static func decodedLength(of text: ByteView) -> Int? {
    let tail = text.count % 4
    return tail == 1 ? nil : text.count / 4 * 3 + max(tail - 1, 0)
  }

  /// Decodes strictly, see ``decode(_:)-(ByteView)``.
  ///
  /// - Parameter target: has the length that ``decodedLength(of:)`` tells.
  /// - Returns: false when `text` is not canonical base64url.
  public static func decode(_ text: ByteView, into target: UnsafeMutableRawBufferPointer) -> Bool {
    values.withUnsafeBufferPointer { fill(target, from: text, $0) }
  }

  /// Decodes strictly, see ``decode(_:)-(ByteView)``.
  public static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode(ByteView($0)) }
  }

  /// Encodes without padding.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    bytes.withContiguousStorageIfAvailable { encode(ByteView($0)) }
      ?? [UInt8](bytes).withUnsafeBytes { encode($0) }
  }

  /// Encodes without padding.
  public static func encode(_ bytes: ByteView) -> String {
    let whole = bytes.count / 3
    let tail = bytes.count % 3
    let length = whole * 4 + (tail > 0 ? tail + 1 : 0)
    return String(unsafeUninitializedCapacity: length) { target in
      alphabet.withUnsafeBufferPointer { spell(bytes, to: target, $0) }
      return length
    }
  }

  /// Fills `target`, which is long enough.
  private static func spell(
    _ bytes: ByteView, to target: UnsafeMutableBufferPointer<UInt8>, _ alphabet: UnsafeBufferPointer<UInt8>
  ) {
    var source = 0
    var written = 0
    while source &+ 3 <= bytes.count {
      let first = bytes[source]
      let second = bytes[source &+ 1]
      let third = bytes[source &+ 2]
      target[written] = alphabet[Int(first >> 2)]
      target[written &+ 1] = alphabet[Int(first << 4 & 0x30 | second >> 4)]
      target[written &+ 2] = alphabet[Int(second << 2 & 0x3C | third >> 6)]
      target[written &+ 3] = alphabet[Int(third & 0x3F)]
      source &+= 3
      written &+= 4
    }
    guard source < bytes.count else { return }
    let first = bytes[source]
    target[written] = alphabet[Int(first >> 2)]
    guard source &+ 1 < bytes.count else {
      target[written &+ 1] = alphabet[Int(first << 4 & 0x30)]
      return
    }
    let second = bytes[source &+ 1]
    target[written &+ 1] = alphabet[Int(first << 4 & 0x30 | second >> 4)]
    target[written &+ 2] = alphabet[Int(second << 2 & 0x3C)]
  }

  /// Fills `target`, whose length fits `text`. Foreign characters have the high bit set in the table: they
  /// are gathered on the way and looked at once.
  private static func fill(
    _ target: UnsafeMutableRawBufferPointer, from text: ByteView, _ values: UnsafeBufferPointer<UInt32>
  ) -> Bool {
    var seen: UInt32 = 0
    var source = 0
    var written = 0
    // Six bytes at a time, written as eight: the two behind them are there, and are written again.
    while source &+ 12 <= text.count {
      let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: source, as: UInt64.self))
      let first = group(UInt32(truncatingIfNeeded: word), values)
      let second = group(UInt32(truncatingIfNeeded: word &>> 32), values)
      seen |= first | second
      let six = UInt64(first & 0xFF_FFFF) &<< 40 | UInt64(second & 0xFF_FFFF) &<< 16
      target.storeBytes(of: six.bigEndian, toByteOffset: written, as: UInt64.self)
      source &+= 8
      written &+= 6
    }
    while source < text.count {
      let length = min(4, text.count &- source)
      var word = filler
      for index in 0..<length {
        let shift = UInt32(index &* 8)
        word = word & ~(0xFF &<< shift) | UInt32(text[source &+ index]) &<< shift
      }
      let bits = group(word, values)
      seen |= bits
      let bytes = length &- 1
      for index in 0..<bytes { target[written &+ index] = UInt8(truncatingIfNeeded: bits &>> UInt32(16 &- 8 &* index)) }
      // What is left over of the last byte.
      if bits & (0xFF_FFFF &>> UInt32(8 &* bytes)) != 0 { return false }
      source &+= length
      written &+= bytes
    }
    return seen & foreign == 0
  }

  /// The 24 bits that four characters stand for.
  @inline(__always)
  private static func group(_ word: UInt32, _ values: UnsafeBufferPointer<UInt32>) -> UInt32 {
    values[Int(word & 0xFF)] | values[256 &+ Int(word &>> 8 & 0xFF)] | values[512 &+ Int(word &>> 16 & 0xFF)]
      | values[768 &+ Int(word &>> 24)]
  }

  private static let foreign: UInt32 = 0x8000_0000
  /// Four characters of which each stands for six zeros.
  private static let filler: UInt32 = 0x4141_4141

  private static let alphabet = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// A byte and its place among four → its six bits in the place they have in 24, or ``foreign``.
  private static let values: [UInt32] = {
    var values = [UInt32](repeating: foreign, count: 4 * 256)
    for (value, character) in alphabet.enumerated() {
      for place in 0..<4 { values[256 * place + Int(character)] = UInt32(value << (18 - 6 * place)) }
    }
    return values
  }()
}
