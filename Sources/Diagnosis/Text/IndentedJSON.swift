import JSON

/// JSON for people and tools alike: two spaces, one member a line, nothing that a terminal would act on.
enum IndentedJSON {
  static func text(_ value: JSONValue, indentation: String = "") -> String {
    let inner = indentation + "  "
    switch value {
    case .object(let object) where !object.isEmpty:
      let lines = object.members.map { "\(inner)\(string($0.name)): \(text($0.value, indentation: inner))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indentation)}"
    case .array(let elements) where !elements.isEmpty:
      let lines = elements.map { inner + text($0, indentation: inner) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(indentation)]"
    case .string(let text): return string(text)
    default: return String(decoding: value.serialized(), as: UTF8.self)
    }
  }

  private static func string(_ text: String) -> String {
    let written = String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
    guard written.unicodeScalars.contains(where: { !String.isVisible($0) }) else { return written }
    return written.unicodeScalars.map { String.isVisible($0) ? String($0) : escaped($0) }.joined()
  }

  /// RFC 8259 §7: as UTF-16 units.
  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
