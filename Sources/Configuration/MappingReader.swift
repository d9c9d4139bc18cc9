/// Reads one mapping key by key. The keys asked for are the schema: whatever is left at the end is unknown.
///
/// A reader never throws: it reports and goes on, so that one run finds every fault. Values that were
/// reported come back as nil or as their default, and the loader discards the result.
final class MappingReader {
  let path: String
  let position: SourcePosition
  private let log: DiagnosticLog
  private var entries: [SourceNode.Entry] = []
  private var known: [String] = []

  /// A reader of `node`; of nothing at all when the node is absent or, which is reported, not a mapping.
  init(_ node: SourceNode?, path: String, position: SourcePosition, log: DiagnosticLog) {
    self.path = path
    self.position = node?.position ?? position
    self.log = log
    guard let node else { return }
    if case .mapping(let entries) = node.content {
      self.entries = withoutRepetitions(entries)
    } else {
      refuse(node, path, expected: "a mapping", remedy: "Write the section's keys below it, indented.")
    }
  }

  // MARK: Scalars

  func value<Value>(_ key: String, _ format: ScalarFormat<Value>) -> Value? {
    take(key).flatMap { read($0, child(key), format) }
  }

  func value<Value>(_ key: String, _ format: ScalarFormat<Value>, default fallback: Value) -> Value {
    value(key, format) ?? fallback
  }

  func required<Value>(_ key: String, _ format: ScalarFormat<Value>) -> Value? {
    guard let node = take(key) else {
      failMissing(key, remedy: "Add it, for example: \(key): \(format.example)")
      return nil
    }
    return read(node, child(key), format)
  }

  /// A secret, which no finding shows.
  func secret(_ key: String) -> Secret? {
    guard let node = take(key), let value = read(node, child(key), .secret) else { return nil }
    let secret = Secret(value, written: node.written)
    if let (fault, severity) = secret.finding { report(fault, at: key, severity: severity) }
    return secret
  }

  // MARK: Collections

  /// The values of a list; faulty ones are reported and left out. Nil when the key is absent.
  func list<Value>(_ key: String, _ format: ScalarFormat<Value>, mayBeEmpty: Bool = false) -> [Value]? {
    elements(key, mayBeEmpty: mayBeEmpty)?.compactMap { read($0.node, $0.path, format) }
  }

  /// The sections of a list of mappings; faulty ones are reported and left out. Nil when the key is absent.
  func sections<Section>(_ key: String, _ read: (MappingReader) -> Section?) -> [Section]? {
    elements(key, mayBeEmpty: false)?.compactMap { node, path in
      guard case .mapping = node.content else {
        refuse(node, path, expected: "a mapping", remedy: "Write its keys below the \"- \", indented.")
        return nil
      }
      return finish(MappingReader(node, path: path, position: node.position, log: log), read)
    }
  }

  /// A mapping whose keys are not part of the schema; `read` gets the value of each.
  func dictionary<Value>(
    _ key: String, _ keys: ScalarFormat<String>, _ read: (MappingReader, String) -> Value?
  ) -> [String: Value] {
    guard let node = take(key) else { return [:] }
    let reader = MappingReader(node, path: child(key), position: position, log: log)
    var result: [String: Value] = [:]
    for entry in reader.entries {
      do {
        let name = try keys.parse(entry.key)
        result[name] = read(reader, entry.key)
      } catch {
        log.add(error, at: entry.keyPosition, path: reader.child(entry.key))
      }
    }
    return result
  }

  // MARK: Sections

  /// A section whose keys all have defaults; an absent one is read as an empty one.
  func section<Section>(_ key: String, _ read: (MappingReader) -> Section) -> Section {
    finish(MappingReader(take(key), path: child(key), position: position, log: log), read)
  }

  /// A section that may be left out; nil then.
  func optionalSection<Section>(
    _ key: String, remedy: String = "Write the section's keys below it, indented.",
    _ read: (MappingReader) -> Section?
  ) -> Section? {
    guard let node = take(key) else { return nil }
    guard case .mapping = node.content else {
      refuse(node, child(key), expected: "a mapping", remedy: remedy)
      return nil
    }
    return finish(MappingReader(node, path: child(key), position: position, log: log), read)
  }

  func requiredSection<Section>(
    _ key: String, remedy: String, _ read: (MappingReader) -> Section?
  ) -> Section? {
    if !contains(key) { failMissing(key, remedy: remedy) }
    return optionalSection(key, remedy: remedy, read)
  }

  /// A section, or a list of sections; nil when there is none, or when one of them is faulty.
  func requiredSections<Section>(
    _ key: String, remedy: String, _ read: (MappingReader) -> Section?
  ) -> [Section]? {
    guard let node = take(key) else {
      failMissing(key, remedy: remedy)
      return nil
    }
    switch node.content {
    case .mapping: return optionalSection(key, read).map { [$0] }
    case .sequence(let elements):
      let sections = sections(key, read) ?? []
      return sections.count == elements.count && !sections.isEmpty ? sections : nil
    case .scalar, .null, .invalid:
      refuse(node, child(key), expected: "a mapping or a list of mappings", remedy: remedy)
      return nil
    }
  }

  /// Whether the key holds this very word where a section could stand.
  func holds(_ key: String, word: String) -> Bool {
    if case .scalar(word)? = take(key)?.content { return true }
    return false
  }

  func contains(_ key: String) -> Bool { node(key) != nil }

  // MARK: Findings of the sections themselves

  /// What `read` returns; nil when it has reported an error, so that checks that build on it stay silent.
  func sound<Value>(_ read: () -> Value) -> Value? {
    let before = log.errorCount
    let value = read()
    return log.errorCount == before ? value : nil
  }

  /// Reports a fault of the mapping as a whole.
  func report(_ fault: Fault) {
    log.add(fault, at: position, path: path)
  }

  /// Reports a fault at the value of `key`; at the mapping itself when the key is absent.
  func report(_ fault: Fault, at key: String, severity: Diagnostic.Severity = .error) {
    log.add(fault, severity: severity, at: node(key)?.position ?? position, path: child(key))
  }

  /// Reports a fault at an element of the list at `key`.
  func report(_ fault: Fault, at key: String, index: Int, severity: Diagnostic.Severity = .error) {
    guard case .sequence(let elements)? = node(key)?.content, elements.indices.contains(index) else { return }
    log.add(fault, severity: severity, at: elements[index].position, path: "\(child(key))[\(index)]")
  }

  /// Reports a fault at the value of `name` in the mapping at `key`.
  func report(_ fault: Fault, at key: String, name: String, severity: Diagnostic.Severity = .error) {
    guard let node = node(key) else { return }
    report(fault, in: node, child(key), name: name, severity)
  }

  /// Reports a fault at the value of `name` in one of the mappings at `key`, where a mapping stands for a list of one.
  func report(
    _ fault: Fault, at key: String, section index: Int, name: String, severity: Diagnostic.Severity = .error
  ) {
    if case .sequence(let elements)? = node(key)?.content, elements.indices.contains(index) {
      report(fault, in: elements[index], "\(child(key))[\(index)]", name: name, severity)
    } else {
      report(fault, at: key, name: name, severity: severity)
    }
  }

  func failMissing(_ key: String, remedy: String) {
    log.add(Fault("is missing", remedy: remedy), at: position, path: child(key))
  }
}

extension MappingReader {
  private func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func node(_ key: String) -> SourceNode? { entries.first { $0.key == key }?.value }

  private func take(_ key: String) -> SourceNode? {
    if !known.contains(key) { known.append(key) }
    return node(key)
  }

  private func report(
    _ fault: Fault, in node: SourceNode, _ path: String, name: String, _ severity: Diagnostic.Severity
  ) {
    guard case .mapping(let entries) = node.content else { return }
    for entry in entries where entry.key == name {
      log.add(fault, severity: severity, at: entry.value.position, path: "\(path).\(name)")
    }
  }

  private func finish<Section>(_ reader: MappingReader, _ read: (MappingReader) -> Section) -> Section {
    let section = read(reader)
    reader.reportUnknownKeys()
    return section
  }

  func reportUnknownKeys() {
    for entry in entries where !known.contains(entry.key) {
      let remedy =
        EditDistance.nearest(to: entry.key, among: known).map { "Did you mean \(quoted($0))?" }
        ?? "The keys here are: \(known.joined(separator: ", "))."
      log.add(
        Fault("unknown key \(quoted(entry.key))", remedy: remedy), at: entry.keyPosition,
        path: child(entry.key))
    }
  }

  /// Keys that the YAML library tells apart by their tags, but that are the same text.
  private func withoutRepetitions(_ entries: [SourceNode.Entry]) -> [SourceNode.Entry] {
    var seen: Set<String> = []
    return entries.filter { entry in
      if seen.insert(entry.key).inserted { return true }
      log.add(
        Fault(
          "the key \(quoted(entry.key)) occurs more than once in this mapping", remedy: "Keep one of them."),
        at: entry.keyPosition, path: child(entry.key))
      return false
    }
  }

  private func elements(_ key: String, mayBeEmpty: Bool) -> [(node: SourceNode, path: String)]? {
    guard let node = take(key) else { return nil }
    guard case .sequence(let elements) = node.content else {
      refuse(
        node, child(key), expected: "a list", remedy: "Write each element on a line of its own after \"- \".")
      return nil
    }
    if elements.isEmpty && !mayBeEmpty {
      report(Fault("the list is empty", remedy: "Add an element, or leave the key out."), at: key)
    }
    return elements.enumerated().map { ($0.element, "\(child(key))[\($0.offset)]") }
  }

  private func read<Value>(_ node: SourceNode, _ path: String, _ format: ScalarFormat<Value>) -> Value? {
    guard case .scalar(let text) = node.content else {
      refuse(node, path, expected: format.expected, remedy: "For example: \(format.example)")
      return nil
    }
    do {
      return try format.parse(text)
    } catch {
      log.add(error, at: node.position, path: path)
      return nil
    }
  }

  private func refuse(_ node: SourceNode, _ path: String, expected: String, remedy: String) {
    if case .invalid = node.content { return }
    log.add(Fault("expected \(expected), found \(node.found)", remedy: remedy), at: node.position, path: path)
  }
}
