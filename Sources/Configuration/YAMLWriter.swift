/// Writes configurations in block style with two spaces. Whatever a value or a comment holds, it reads back as that
/// value, or as nothing: it cannot add keys.
package struct YAMLWriter {
  package private(set) var text = ""
  private var depth = 0
  /// Set while the next line is the first of a list element.
  private var opensElement = false

  package init() {}

  /// A value that is written as it is: numbers, durations, sizes, words.
  package mutating func plain(_ key: String, _ value: some CustomStringConvertible) {
    line("\(Self.quotedIfNeeded(key)): \(value)")
  }

  package mutating func string(_ key: String, _ value: String) {
    plain(key, Self.scalar(value))
  }

  package mutating func string(_ key: String, ifPresent value: String?) {
    if let value { string(key, value) }
  }

  /// An interpolation stays one, so that the secret stays where it is.
  mutating func secret(_ key: String, _ secret: Secret) {
    plain(key, Self.quotedIfNeeded(secret.shown))
  }

  package mutating func strings(_ key: String, _ values: [String]) {
    guard !values.isEmpty else { return plain(key, "[]") }
    line("\(Self.quotedIfNeeded(key)):")
    for value in values { line("  - \(Self.scalar(value))") }
  }

  package mutating func strings(_ key: String, ifPresent values: [String]) {
    if !values.isEmpty { strings(key, values) }
  }

  package mutating func section(_ key: String, _ body: (inout YAMLWriter) -> Void) {
    line("\(Self.quotedIfNeeded(key)):")
    indented(by: 1, body)
  }

  package mutating func sections<Element>(
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

  /// Comment lines of at most 100 columns, before the next key or list element. A line break begins a new line of
  /// comment; other invisible characters are written as `\u{…}`.
  package mutating func comment(_ comment: String) {
    let indentation = String(repeating: "  ", count: opensElement ? depth - 1 : depth)
    for paragraph in comment.split(separator: "\n", omittingEmptySubsequences: false) {
      for line in Self.wrapped(visible(String(paragraph)), columns: 98 - indentation.count) {
        text += line.isEmpty ? "\(indentation)#\n" : "\(indentation)# \(line)\n"
      }
    }
  }

  /// An empty line.
  package mutating func space() { text += "\n" }

  /// `text` in lines; what continues an indented line is indented as far. Words that are too long stay whole.
  private static func wrapped(_ text: String, columns: Int) -> [String] {
    let margin = String(text.prefix { $0 == " " })
    var lines: [String] = []
    var line = margin
    for word in text.dropFirst(margin.count).split(separator: " ", omittingEmptySubsequences: false) {
      let isFirst = line.count == margin.count
      if !isFirst && line.count + 1 + word.count > columns {
        lines.append(line)
        line = margin + word
      } else {
        line += isFirst ? String(word) : " \(word)"
      }
    }
    return lines + [line]
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
