/// Writes the canonical form of a configuration: block style, two spaces, schema order.
struct YAMLWriter {
  private(set) var text = ""
  private var depth = 0
  /// Set while the next line is the first of a list element.
  private var opensElement = false

  /// A value that is written as it is: numbers, durations, sizes, words.
  mutating func plain(_ key: String, _ value: some CustomStringConvertible) {
    line("\(Self.quotedIfNeeded(key)): \(value)")
  }

  mutating func string(_ key: String, _ value: String) {
    plain(key, Self.scalar(value))
  }

  mutating func string(_ key: String, ifPresent value: String?) {
    if let value { string(key, value) }
  }

  /// An interpolation stays one, so that the secret stays where it is.
  mutating func secret(_ key: String, _ secret: Secret) {
    plain(key, Self.quotedIfNeeded(secret.shown))
  }

  mutating func strings(_ key: String, _ values: [String]) {
    guard !values.isEmpty else { return plain(key, "[]") }
    line("\(Self.quotedIfNeeded(key)):")
    for value in values { line("  - \(Self.scalar(value))") }
  }

  mutating func strings(_ key: String, ifPresent values: [String]) {
    if !values.isEmpty { strings(key, values) }
  }

  mutating func section(_ key: String, _ body: (inout YAMLWriter) -> Void) {
    line("\(Self.quotedIfNeeded(key)):")
    indented(by: 1, body)
  }

  mutating func sections<Element>(
    _ key: String, _ elements: [Element], _ body: (inout YAMLWriter, Element) -> Void
  ) {
    line("\(Self.quotedIfNeeded(key)):")
    for element in elements {
      indented(by: 2) { writer in
        writer.opensElement = true
        body(&writer, element)
      }
    }
  }

  /// In the order of the keys.
  mutating func dictionary<Value>(
    _ key: String, ifPresent entries: [String: Value], _ body: (inout YAMLWriter, String, Value) -> Void
  ) {
    guard !entries.isEmpty else { return }
    section(key) { yaml in
      for (name, value) in entries.sorted(by: { $0.key < $1.key }) { body(&yaml, name, value) }
    }
  }

  private mutating func indented(by levels: Int, _ body: (inout YAMLWriter) -> Void) {
    depth += levels
    body(&self)
    depth -= levels
  }

  private mutating func line(_ content: String) {
    let indentation =
      opensElement ? String(repeating: "  ", count: depth - 1) + "- " : String(repeating: "  ", count: depth)
    opensElement = false
    text += "\(indentation)\(content)\n"
  }

  /// A value; its "${" is escaped, since values are interpolated when they are read. Keys are not.
  private static func scalar(_ value: String) -> String {
    quotedIfNeeded(value.replacing("${", with: "$${"))
  }

  /// Text that reads back unchanged in any YAML reader: plain where that is beyond doubt, else in double
  /// quotes.
  private static func quotedIfNeeded(_ text: String) -> String {
    let startsSafely = text.unicodeScalars.first.map { $0.properties.isAlphabetic || $0 == "/" } ?? false
    if startsSafely, CharacterClass.plainYAML.contains(all: text), text.last != ":",
      !words.contains(text.lowercased())
    {
      return text
    }
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { escaped.append("\\") }
      if isPrintable(scalar) {
        escaped.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16)
        let padding = String(repeating: "0", count: 8 - digits.count)
        escaped.append(contentsOf: "\\U\(padding)\(digits)".unicodeScalars)
      }
    }
    return "\"\(String(escaped))\""
  }

  /// What YAML readers take for something other than text.
  private static let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
}
