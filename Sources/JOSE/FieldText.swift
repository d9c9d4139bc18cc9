internal import Bytes

/// Claims as HTTP field values. What is not visible ASCII is percent-encoded as UTF-8, and so is the percent
/// sign, so that no claim can end a header line and no two claims look alike.
enum FieldText {
  static func encode(_ text: String) -> [UInt8] {
    var text = text
    return text.withUTF8 { text in
      var field = [UInt8]()
      append(ByteView(text), to: &field)
      return field
    }
  }

  /// A space inside the text stays, one at either end would be lost on the way (RFC 9110 §5.5) and is
  /// encoded.
  static func append(_ text: ByteView, to field: inout [UInt8]) {
    if text.allSatisfy(isPlain) { return field.append(contentsOf: text) }
    let last = text.count - 1
    for (index, byte) in text.enumerated() {
      append(byte, to: &field, keepingSpace: index > 0 && index < last)
    }
  }

  /// Words are separated by single spaces; a space inside a word is encoded.
  ///
  /// - Parameter start: where the first word stands.
  static func append(word: ByteView, to field: inout [UInt8], from start: Int) {
    guard !word.isEmpty else { return }
    if field.count > start { field.append(ASCII.space) }
    if word.allSatisfy(isPlain) { return field.append(contentsOf: word) }
    for byte in word { append(byte, to: &field, keepingSpace: false) }
  }

  private static func append(_ byte: UInt8, to field: inout [UInt8], keepingSpace: Bool) {
    if isPlain(byte) || (keepingSpace && byte == ASCII.space) {
      field.append(byte)
    } else {
      field.append(ASCII.percent)
      field.append(hexadecimal(byte >> 4))
      field.append(hexadecimal(byte & 0x0F))
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool { 0x21...0x7E ~= byte && byte != ASCII.percent }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x37 + digit }
}
