/// A JSON text that was found to be one, and where its values stand. Nothing is taken out of it before it is asked for,
/// so that reading a few members costs two allocations.
///
/// Values go by their numbers: the whole is 0; what is inside of an array or object follows it, a member's value its
/// name.
public struct JSONText: Sendable {
  /// All of it; there may be something else behind.
  public let bytes: [UInt8]
  /// Its values and names, in their order.
  public let nodes: [JSONNode]

  /// Of the outermost value.
  package static let root = 0

  package init(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
    try self.init(bytes, length: bytes.count, limits: limits)
  }

  /// - Parameter length: bytes of the text: the first ones.
  package init(_ bytes: [UInt8], length: Int, limits: JSONLimits) throws(JSONError) {
    nodes = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
      let text = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[..<length]))
      var parser = JSONParser(text, limits)
      return try parser.document()
    }
    self.bytes = bytes
  }
}

extension JSONText {
  /// The value of the member of exactly that name, when `object` is one that has it.
  package func member(_ name: UnsafeRawBufferPointer, of object: Int) -> Int? {
    guard nodes[object].kind == .object else { return nil }
    return nodes.withUnsafeBufferPointer { nodes in
      bytes.withUnsafeBytes { text in
        let end = Int(nodes[object].next)
        var index = object &+ 1
        while index < end {
          if text.string(nodes[index], equals: name) { return index &+ 1 }
          index = Int(nodes[index &+ 1].next)
        }
        return nil
      }
    }
  }

  /// The value of the member of exactly that name, when `object` is one that has it.
  package func member(_ name: String, of object: Int = root) -> Int? {
    name.withBytes { member($0, of: object) }
  }

  /// Whether this is a string, and exactly that one.
  package func string(_ index: Int, equals other: String) -> Bool {
    guard nodes[index].isString else { return false }
    return bytes.withUnsafeBytes { text in other.withBytes { text.string(nodes[index], equals: $0) } }
  }

  /// Lends the text of a string; nil for any other value.
  @inlinable
  public func withString<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    let node = nodes[index]
    switch node.kind {
    case .string:
      return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(node.start)..<Int(node.end)])) }
    case .escapedString: return unescaped(node).withUnsafeBytes(body)
    default: return nil
    }
  }

  @usableFromInline
  func unescaped(_ node: JSONNode) -> [UInt8] { bytes.withUnsafeBytes { JSONParser.unescaped($0.content(node)) } }

  /// Whether this is an array that holds nothing but strings.
  package func isStrings(_ index: Int) -> Bool {
    guard nodes[index].kind == .array else { return false }
    // Strings have nothing inside of them.
    for element in index &+ 1..<Int(nodes[index].next) where !nodes[element].isString { return false }
    return true
  }

  /// The elements of an array of strings, see ``isStrings(_:)``.
  package func elements(_ index: Int) -> Range<Int> { index &+ 1..<Int(nodes[index].next) }

  /// The integer, also when it was written with a fraction or an exponent (`1e3`, `1.0`).
  package func integer(_ index: Int) -> Int64? {
    guard nodes[index].kind == .number else { return nil }
    return number(nodes[index]).integerValue
  }

  package func string(_ index: Int) -> String? { withString(index) { String(decoding: $0, as: UTF8.self) } }

  /// The strings of an array that holds nothing else.
  package func strings(_ index: Int) -> [String]? { isStrings(index) ? elements(index).compactMap(string) : nil }

  /// All of a value, taken out of the text.
  package func value(_ index: Int = root) -> JSONValue {
    let node = nodes[index]
    switch node.kind {
    case .null: return .null
    case .yes: return .bool(true)
    case .no: return .bool(false)
    case .number: return number(node)
    case .string, .escapedString: return .string(string(index) ?? "")
    case .array:
      var elements = [JSONValue]()
      var element = index &+ 1
      while element < node.next {
        elements.append(value(element))
        element = Int(nodes[element].next)
      }
      return .array(elements)
    case .object:
      var members = [JSONObject.Member]()
      var name = index &+ 1
      while name < node.next {
        members.append(JSONObject.Member(name: string(name) ?? "", value: value(name &+ 1)))
        name = Int(nodes[name &+ 1].next)
      }
      return .object(JSONObject(uniqueMembers: members))
    }
  }

  private func number(_ node: JSONNode) -> JSONValue {
    bytes.withUnsafeBytes { text in
      var parser = JSONParser(text.content(node), .default)
      // It was one when the text was read.
      return (try? parser.number()) ?? .null
    }
  }
}

extension UnsafeRawBufferPointer {
  func content(_ node: JSONNode) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[Int(node.start)..<Int(node.end)])
  }

  /// Whether a string of this text is exactly that.
  @inline(__always)
  func string(_ node: JSONNode, equals other: UnsafeRawBufferPointer) -> Bool {
    if node.kind == .escapedString { return withString(node) { $0.hasSameBytes(as: other) } }
    return node.length == other.count && content(node).hasSameBytes(as: other)
  }

  /// Lends what a string of this text means.
  func withString<Result>(_ node: JSONNode, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let content = content(node)
    return node.kind == .escapedString ? JSONParser.unescaped(content).withUnsafeBytes(body) : body(content)
  }
}
