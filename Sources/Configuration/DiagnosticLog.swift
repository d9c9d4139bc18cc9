/// Collects every finding of one run, so that an operator sees all of them at once.
final class DiagnosticLog {
  private let file: String
  private var entries: [Diagnostic] = []

  init(file: String) {
    self.file = file
  }

  var errorCount: Int { entries.count { $0.severity == .error } }
  var hasErrors: Bool { errorCount > 0 }

  var sorted: [Diagnostic] { Diagnostic.inOrder(entries) }

  func add(
    _ fault: Fault, severity: Diagnostic.Severity = .error, at position: SourcePosition, path: String
  ) {
    entries.append(
      Diagnostic(
        severity: severity, file: file, line: position.line, column: position.column, path: path,
        message: fault.message, remedy: fault.remedy))
  }
}
