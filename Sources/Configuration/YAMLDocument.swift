import Yams

/// Turns YAML text into source nodes. The only place that knows the YAML library.
///
/// Refused here: syntax errors, several documents, keys that are not plain text or occur twice, and documents
/// whose aliases blow up. Interpolation happens here too, so that it can reach nothing but scalar values.
struct YAMLDocument {
  /// Values in the document, each alias counted with all it stands for.
  static let nodeLimit = 100_000
  static let depthLimit = 32

  private let interpolation: Interpolation
  private let log: DiagnosticLog
  private var nodeCount = 0

  private init(interpolation: Interpolation, log: DiagnosticLog) {
    self.interpolation = interpolation
    self.log = log
  }

  /// The root of the document (null when it is empty), or nil when it cannot be judged: the log says why.
  static func read(_ text: String, interpolation: Interpolation, log: DiagnosticLog) -> SourceNode? {
    do {
      try refuseCompoundKeys(text)
      var document = YAMLDocument(interpolation: interpolation, log: log)
      guard let root = try compose(text) else { return SourceNode(content: .null, position: .start) }
      return try document.convert(root, path: "", depth: 1)
    } catch {
      log.add(error.fault, at: error.position, path: error.path)
      return nil
    }
  }

  /// The YAML library compares keys by hashing all that an alias stands for, which takes exponential time
  /// when a key is made of nested aliases. So aliases are disarmed first: every asterisk becomes a harmless
  /// character of the same width, which turns an alias into a plain scalar and leaves the structure as it is.
  private static func refuseCompoundKeys(_ text: String) throws(LocatedFault) {
    guard text.contains("*") else { return }
    let disarmed = String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0 == "*" ? disarmedAsterisk : $0 }))
    if let root = try compose(disarmed) { try refuseCompoundKeys(in: root) }
  }

  private static let disarmedAsterisk: Unicode.Scalar = "\u{E000}"

  private static func refuseCompoundKeys(in node: Node) throws(LocatedFault) {
    switch node {
    case .mapping(let mapping):
      for (key, value) in mapping {
        if case .scalar(let scalar) = key, scalar.string.unicodeScalars.first != disarmedAsterisk {
          try refuseCompoundKeys(in: value)
        } else {
          throw compoundKey(key)
        }
      }
    case .sequence(let sequence):
      for element in sequence { try refuseCompoundKeys(in: element) }
    case .scalar, .alias: break
    }
  }

  private static func compoundKey(_ key: Node) -> LocatedFault {
    LocatedFault(
      Fault(
        "a key must be plain text", remedy: "Write the key out; lists, mappings and aliases cannot be keys."),
      at: SourcePosition(key.mark))
  }

  private static func compose(_ text: String) throws(LocatedFault) -> Node? {
    do {
      return try Yams.compose(yaml: text, .basic, .default, .utf8)
    } catch {
      throw LocatedFault(error, restoring: disarmedAsterisk)
    }
  }

  private mutating func convert(_ node: Node, path: String, depth: Int) throws(LocatedFault) -> SourceNode {
    let position = SourcePosition(node.mark)
    nodeCount += 1
    guard nodeCount <= Self.nodeLimit else {
      throw LocatedFault(
        Fault(
          "the document has more than \(Self.nodeLimit) values once its aliases are expanded",
          remedy: "Use fewer aliases, and none inside an anchored value."),
        at: position, path: path)
    }
    guard depth <= Self.depthLimit else {
      throw LocatedFault(
        Fault(
          "the document is nested more than \(Self.depthLimit) levels deep",
          remedy: "No key of the configuration needs that; check the indentation."),
        at: position, path: path)
    }
    return SourceNode(
      content: try content(of: node, at: position, path: path, depth: depth), position: position,
      written: node.scalar?.string)
  }

  private mutating func content(
    of node: Node, at position: SourcePosition, path: String, depth: Int
  ) throws(LocatedFault) -> SourceNode.Content {
    switch node {
    case .scalar(let scalar):
      if scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
      do {
        return .scalar(try interpolation.expand(scalar.string))
      } catch {
        log.add(error, at: position, path: path)
        return .invalid
      }
    case .sequence(let sequence):
      var elements: [SourceNode] = []
      for (index, element) in sequence.enumerated() {
        elements.append(try convert(element, path: "\(path)[\(index)]", depth: depth + 1))
      }
      return .sequence(elements)
    case .mapping(let mapping):
      var entries: [SourceNode.Entry] = []
      for (key, value) in mapping {
        guard case .scalar(let scalar) = key else { throw Self.compoundKey(key) }
        let name = scalar.string
        let valuePath = path.isEmpty ? name : "\(path).\(name)"
        let converted = try convert(value, path: valuePath, depth: depth + 1)
        entries.append(
          SourceNode.Entry(key: name, keyPosition: SourcePosition(key.mark), value: converted))
      }
      return .mapping(entries)
    case .alias:
      // Composing resolves aliases, so one that is left stands for nothing.
      return .null
    }
  }
}
