/// One finding about a configuration text, with its place and the way out.
package struct Diagnostic: Equatable, Sendable {
  package enum Severity: String, Sendable {
    /// The configuration must not be used.
    case error
    /// The configuration works, but probably not as meant.
    case warning
  }

  package let severity: Severity
  /// The name of the file as the user gave it.
  package let file: String
  /// Counted from 1.
  package let line: Int
  /// Counted from 1, in Unicode scalars.
  package let column: Int
  /// The key path, such as `routes[0].upstream.url`; empty when the finding is about the whole document.
  package let path: String
  package let message: String
  /// What the operator can do about it: one or more sentences.
  package let remedy: String

  /// In the order of the text; findings at one place stay in the order in which they were made.
  static func inOrder(_ findings: [Diagnostic]) -> [Diagnostic] {
    findings.enumerated().sorted { one, other in
      (one.element.line, one.element.column, one.offset)
        < (other.element.line, other.element.column, other.offset)
    }.map(\.element)
  }

  /// `file:line:column: severity: path: message`, and the remedy on a line of its own. No final newline.
  package var rendered: String {
    let subject = path.isEmpty ? "" : "\(path): "
    return """
      \(file):\(line):\(column): \(severity.rawValue): \(subject)\(message)
          remedy: \(remedy)
      """
  }
}
