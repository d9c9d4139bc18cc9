/// A value of the document after interpolation, with its place: all that validation sees of YAML.
struct SourceNode: Equatable, Sendable {
  indirect enum Content: Equatable, Sendable {
    /// The text as written; its YAML type is decided by the reader, so `0123` stays four characters.
    case scalar(String)
    case sequence([SourceNode])
    case mapping([Entry])
    /// Nothing written, or YAML's `null`.
    case null
    /// Already reported; whoever reads it stays silent.
    case invalid
  }

  struct Entry: Equatable, Sendable {
    let key: String
    let keyPosition: SourcePosition
    let value: SourceNode
  }

  let content: Content
  let position: SourcePosition
  /// Of a scalar: its text before interpolation.
  var written: String?

  /// What the document has here, in words for a diagnostic.
  var found: String {
    switch content {
    case .scalar(let text): "the value \(quoted(text))"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .null, .invalid: "nothing"
    }
  }
}

/// Text as it appears in a diagnostic: in quotes, without line breaks or control characters, and not endless.
package func quoted(_ text: String) -> String {
  let isLong = text.unicodeScalars.count > 80
  let shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(80)))
  return "\"\(visible(shown))\(isLong ? "…" : "")\""
}

/// Text on one line that steers no terminal: invisible characters become `\u{…}`.
package func visible(_ text: String) -> String {
  text.unicodeScalars.map { scalar in
    isPrintable(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
  }.joined()
}

/// Whether a scalar is visible text, or an ordinary space.
func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate: false
  case .spaceSeparator: scalar == " "
  default: true
  }
}
