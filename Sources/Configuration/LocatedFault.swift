import Yams

/// A fault that ends the reading of the document, with its place.
struct LocatedFault: Error {
  let fault: Fault
  let position: SourcePosition
  let path: String

  init(_ fault: Fault, at position: SourcePosition, path: String = "") {
    self.fault = fault
    self.position = position
    self.path = path
  }

  /// What the YAML library threw, in words that name the place only once.
  init(_ error: any Error, restoring disarmedAsterisk: Unicode.Scalar) {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let context = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
      self.init(Self.syntaxFault(problem + context), at: SourcePosition(mark))
    case .reader(let problem, let offset, _, let yaml):
      self.init(Self.syntaxFault(problem), at: SourcePosition(characterOffset: offset ?? 0, in: yaml))
    case .duplicatedKeysInMapping(let duplicates, let context):
      let asterisk = Character(disarmedAsterisk)
      let name = duplicates.first.map { String($0.map { $0 == asterisk ? "*" : $0 }) } ?? ""
      self.init(
        Fault(
          "the key \(quoted(name)) occurs more than once in this mapping; this is the first",
          remedy: "Keep one of them."),
        at: SourcePosition(context.mark))
    default:
      self.init(Self.syntaxFault("it cannot be parsed"), at: .start)
    }
  }

  private static func syntaxFault(_ problem: String) -> Fault {
    Fault(
      "not valid YAML: \(problem)",
      remedy: "Check indentation, quotes and brackets here and on the line before; tabs cannot indent.")
  }
}

extension SourcePosition {
  init(_ mark: Mark?) {
    self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  fileprivate init(characterOffset: Int, in text: String) {
    let before = text.prefix(characterOffset)
    let lastLine = before.split(omittingEmptySubsequences: false) { $0.isNewline }.last ?? ""
    self.init(line: before.count { $0.isNewline } + 1, column: lastLine.unicodeScalars.count + 1)
  }
}
