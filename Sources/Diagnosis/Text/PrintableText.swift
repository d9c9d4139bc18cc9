extension String {
  /// The text on one line of a terminal: what is not visible there, and could hide or move something, is escaped.
  var printable: String {
    guard unicodeScalars.contains(where: { !Self.isVisible($0) }) else { return self }
    return unicodeScalars.map { Self.isVisible($0) ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
  }

  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  /// In quotes, or words for there being none.
  static func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "(none)" }
}
