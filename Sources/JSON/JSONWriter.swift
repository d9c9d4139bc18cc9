extension JSONValue {
  /// The compact text, members in their order. A number that JSON cannot express (infinite, not a number)
  /// becomes null.
  package func serialized() -> [UInt8] {
    var text = [UInt8]()
    write(to: &text)
    return text
  }

  /// Appends the compact text.
  package func write(to text: inout [UInt8]) {
    switch self {
    case .null: text.append(contentsOf: "null".utf8)
    case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): text.append(contentsOf: String(value).utf8)
    case .number(let value): text.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    case .string(let value): Self.write(value, to: &text)
    case .array(let elements):
      text.append(0x5B)
      for (index, element) in elements.enumerated() {
        if index > 0 { text.append(0x2C) }
        element.write(to: &text)
      }
      text.append(0x5D)
    case .object(let object):
      text.append(0x7B)
      for (index, member) in object.members.enumerated() {
        if index > 0 { text.append(0x2C) }
        Self.write(member.name, to: &text)
        text.append(0x3A)
        member.value.write(to: &text)
      }
      text.append(0x7D)
    }
  }

  private static func write(_ string: String, to text: inout [UInt8]) {
    text.append(0x22)
    for byte in string.utf8 {
      switch byte {
      case 0x22, 0x5C:
        text.append(0x5C)
        text.append(byte)
      case 0x0A: text.append(contentsOf: "\\n".utf8)
      case 0x0D: text.append(contentsOf: "\\r".utf8)
      case 0x09: text.append(contentsOf: "\\t".utf8)
      case 0x00..<0x20:
        text.append(contentsOf: "\\u00".utf8)
        text.append(0x30 &+ byte >> 4)
        let low = byte & 0x0F
        text.append(low < 10 ? 0x30 &+ low : 0x57 &+ low)
      default: text.append(byte)
      }
    }
    text.append(0x22)
  }
}
