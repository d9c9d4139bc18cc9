/// Base64 with the URL and file-name safe alphabet, without padding (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
  /// The same for text.
  package static func decode(text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode(ByteView($0)) }
  }

  /// Decodes strictly: no padding, no foreign characters, no left-over bits (so every value has one
  /// spelling).
  ///
  /// - Returns: nil when `text` is not canonical base64url.
  package static func decode(_ text: ByteView) -> [UInt8]? {
    let tail = text.count % 4
    guard tail != 1 else { return nil }
    var isCanonical = false
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + max(tail - 1, 0)) { target, count in
      isCanonical = values.withUnsafeBufferPointer { fill(target, from: text, $0) }
      count = isCanonical ? target.count : 0
    }
    return isCanonical ? bytes : nil
  }

  /// Decodes strictly, see ``decode(_:)-(ByteView)``.
  package static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode(ByteView($0)) }
  }

  /// Encodes without padding.
  package static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text = [UInt8]()
    text.reserveCapacity(bytes.underestimatedCount * 4 / 3 + 3)
    var accumulator: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      accumulator = accumulator << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(alphabet[Int(accumulator >> bits & 63)])
      }
    }
    if bits > 0 { text.append(alphabet[Int(accumulator << (6 - bits) & 63)]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Fills `target`, whose length fits `text`. Foreign characters have the high bit set in the table: they
  /// are gathered on the way and looked at once.
  private static func fill(
    _ target: UnsafeMutableBufferPointer<UInt8>, from text: ByteView, _ values: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    var seen: UInt8 = 0
    var source = 0
    var written = 0
    while source &+ 4 <= text.count {
      let first = values[Int(text[source])]
      let second = values[Int(text[source &+ 1])]
      let third = values[Int(text[source &+ 2])]
      let fourth = values[Int(text[source &+ 3])]
      seen |= first | second | third | fourth
      target[written] = first << 2 | second >> 4
      target[written &+ 1] = second << 4 | third >> 2
      target[written &+ 2] = third << 6 | fourth
      source &+= 4
      written &+= 3
    }
    var leftOver: UInt8 = 0
    if source &+ 2 <= text.count {
      let first = values[Int(text[source])]
      let second = values[Int(text[source &+ 1])]
      seen |= first | second
      target[written] = first << 2 | second >> 4
      leftOver = second << 4
      if source &+ 3 == text.count {
        let third = values[Int(text[source &+ 2])]
        seen |= third
        target[written &+ 1] = second << 4 | third >> 2
        leftOver = third << 6
      }
    }
    return seen & foreign == 0 && leftOver == 0
  }

  private static let foreign: UInt8 = 0x80

  private static let alphabet = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Byte → its six bits, or ``foreign``.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: foreign, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()
}
