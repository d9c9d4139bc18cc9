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
