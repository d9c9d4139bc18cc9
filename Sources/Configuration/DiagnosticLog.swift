/// Collects every finding of one run, so that an operator sees all of them at once.
final class DiagnosticLog {
  private let file: String
  private var entries: [Diagnostic] = []

  init(file: String) {
    self.file = file
  }

  var hasErrors: Bool { entries.contains { $0.severity == .error } }

  /// In the order of the text; findings at one place stay in the order in which they were made.
  var sorted: [Diagnostic] {
    entries.enumerated().sorted { one, other in
      (one.element.line, one.element.column, one.offset)
        < (other.element.line, other.element.column, other.offset)
    }.map(\.element)
  }

  func add(
    _ fault: Fault, severity: Diagnostic.Severity = .error, at position: SourcePosition, path: String
  ) {
    entries.append(
      Diagnostic(
        severity: severity, file: file, line: position.line, column: position.column, path: path,
        message: fault.message, remedy: fault.remedy))
  }
}
