/// Where the values of a loaded configuration are written, for findings that only files and the network can give:
/// a certificate that has expired is reported at the line that names it.
package struct SourceMap: Equatable, Sendable {
  private let file: String
  /// Nil when the text is not a document.
  private let root: SourceNode?

  init(file: String, root: SourceNode?) {
    self.file = file
    self.root = root
  }

  /// - Parameter path: a key path as diagnostics show it, such as `listeners[0].tls.certificates[1].key`. What is not
  ///   written has the place of the nearest mapping or list around it, as a missing key has.
  package func diagnostic(
    _ severity: Diagnostic.Severity, at path: String, _ message: String, remedy: String
  ) -> Diagnostic {
    let position = position(of: path)
    return Diagnostic(
      severity: severity, file: file, line: position.line, column: position.column, path: path, message: message,
      remedy: remedy)
  }

  /// Where `path` leads, as diagnostics begin: `file:line`.
  package func place(of path: String) -> String { "\(file):\(position(of: path).line)" }

  /// Whether there is something at `path`; a default is not written.
  package func isWritten(_ path: String) -> Bool { nearest(to: path)?.rest.isEmpty == true }

  /// The key paths of the sections at `path`, which holds one section, or a list of them.
  package func sections(at path: String) -> [String] {
    guard case (let node, "")? = nearest(to: path) else { return [] }
    return switch node.content {
    case .mapping: [path]
    case .sequence(let elements): elements.indices.map { "\(path)[\($0)]" }
    case .scalar, .null, .invalid: []
    }
  }

  private func position(of path: String) -> SourcePosition { nearest(to: path)?.node.position ?? .start }

  /// The last node on the way along `path`, and what is left of the path behind it.
  private func nearest(to path: String) -> (node: SourceNode, rest: Substring)? {
    guard var node = root else { return nil }
    var rest = path[...]
    while let (child, remainder) = node.child(alongside: rest) {
      node = child
      rest = remainder
    }
    return (node, rest)
  }
}

extension SourceNode {
  /// The element or value that `path` leads through, and what is left of the path behind it.
  fileprivate func child(alongside path: Substring) -> (SourceNode, Substring)? {
    guard !path.isEmpty else { return nil }
    switch content {
    case .sequence(let elements):
      guard let end = path.firstIndex(of: "]"), path.first == "[", let index = Int(path[..<end].dropFirst()),
        elements.indices.contains(index)
      else { return nil }
      return (elements[index], path[end...].dropFirst())
    case .mapping(let entries):
      let path = path.first == "." ? path.dropFirst() : path
      for entry in entries where path.hasPrefix(entry.key) {
        let rest = path.dropFirst(entry.key.count)
        if rest.isEmpty || rest.first == "." || rest.first == "[" { return (entry.value, rest) }
      }
      return nil
    case .scalar, .null, .invalid: return nil
    }
  }
}
