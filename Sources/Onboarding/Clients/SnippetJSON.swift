import JSON

/// JSON as people write it into settings: two spaces, what fits on a line stays on one.
enum SnippetJSON {
  private static let columns = 80

  static func text(_ value: JSONValue, indentation: String = "") -> String {
    let short = line(value)
    guard indentation.count + short.count > columns, let members = value.objectValue?.members, !members.isEmpty else {
      return short
    }
    let inner = indentation + "  "
    let lines = members.map { "\(inner)\(string($0.name)): \(text($0.value, indentation: inner))" }
    return "{\n\(lines.joined(separator: ",\n"))\n\(indentation)}"
  }

  /// A string with its quotes, which is also one of TOML.
  static func string(_ text: String) -> String {
    String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
  }

  private static func line(_ value: JSONValue) -> String {
    switch value {
    case .object(let object):
      "{\(object.members.map { "\(string($0.name)): \(line($0.value))" }.joined(separator: ", "))}"
    case .array(let elements): "[\(elements.map(line).joined(separator: ", "))]"
    default: String(decoding: value.serialized(), as: UTF8.self)
    }
  }
}
