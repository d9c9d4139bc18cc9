/// One strict pass over a JSON text (RFC 8259): UTF-8 without byte order mark, no extensions, unique member
/// names.
///
/// Strictness is a matter of security here: two parsers that read one token differently are an attack (RFC
/// 8725 §2.4).
///
/// What it makes is where the values stand, see ``JSONText``.
struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  var position = 0
  private var nodes: [JSONNode] = []
  private var valuesLeft: Int
  private let deepest: Int

  init(_ bytes: UnsafeRawBufferPointer, _ limits: JSONLimits) {
    self.bytes = bytes
    valuesLeft = limits.values
    deepest = limits.depth
  }

  mutating func document() throws(JSONError) -> [JSONNode] {
    guard bytes.count < UInt32.max else { throw error(.tooManyValues) }
    // A token of some size: so many that it need not grow.
    nodes.reserveCapacity(Swift.min(bytes.count / 8, 64))
    try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error(.trailingBytes) }
    return nodes
  }

  func error(_ reason: JSONError.Reason) -> JSONError { JSONError(reason, at: position) }

  @inline(__always)
  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
      default: return
      }
    }
  }

  /// Skips white space and takes the next byte's value without passing it.
  @inline(__always)
  private mutating func peek() throws(JSONError) -> UInt8 {
    skipSpace()
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[position]
  }

  private mutating func value(depth: Int) throws(JSONError) {
    let first = try peek()
    guard valuesLeft > 0 else { throw error(.tooManyValues) }
    valuesLeft &-= 1
    let start = position
    switch first {
    case 0x22: try string()
    case 0x7B: try object(depth: depth &+ 1)
    case 0x5B: try array(depth: depth &+ 1)
    case 0x2D, 0x30...0x39:
      _ = try number()
      add(.number, from: start)
    case 0x74:
      try word("true")
      add(.yes, from: start)
    case 0x66:
      try word("false")
      add(.no, from: start)
    case 0x6E:
      try word("null")
      add(.null, from: start)
    default: throw error(.unexpectedByte)
    }
  }

  /// Something with nothing inside, which ends here.
  mutating func add(_ kind: JSONNode.Kind, from start: Int) {
    nodes.append(JSONNode(kind, start: start, end: position, next: nodes.count &+ 1))
  }

  /// Begins an array or object.
  ///
  /// - Returns: its number.
  private mutating func open(_ kind: JSONNode.Kind) -> Int {
    add(kind, from: position)
    position &+= 1
    return nodes.count &- 1
  }

  private mutating func close(_ index: Int) {
    position &+= 1
    nodes[index].end = UInt32(truncatingIfNeeded: position)
    nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
  }

  private mutating func word(_ text: StaticString) throws(JSONError) {
    let start = text.utf8Start
    for index in 0..<text.utf8CodeUnitCount {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      guard bytes[position] == start[index] else { throw error(.unexpectedByte) }
      position &+= 1
    }
  }

  private mutating func array(depth: Int) throws(JSONError) {
    guard depth <= deepest else { throw error(.tooDeep) }
    let array = open(.array)
    if try peek() == 0x5D { return close(array) }
    while true {
      try value(depth: depth)
      switch try peek() {
      case 0x2C: position &+= 1
      case 0x5D: return close(array)
      default: throw error(.unexpectedByte)
      }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) {
    guard depth <= deepest else { throw error(.tooDeep) }
    let object = open(.object)
    if try peek() == 0x7D { return close(object) }
    var names = UniqueNames()
    while true {
      guard try peek() == 0x22 else { throw error(.unexpectedByte) }
      let start = position
      let name = nodes.count
      try string()
      guard names.insert(name, of: object, nodes, bytes) else { throw JSONError(.duplicateName, at: start) }
      guard try peek() == 0x3A else { throw error(.unexpectedByte) }
      position &+= 1
      try value(depth: depth)
      switch try peek() {
      case 0x2C: position &+= 1
      case 0x7D: return close(object)
      default: throw error(.unexpectedByte)
      }
    }
  }
}

extension JSONValue {
  /// Parses a whole text as one value.
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default
  ) throws(JSONError) -> JSONValue {
    try parse([UInt8](bytes), limits: limits)
  }

  /// Parses a whole text as one value.
  package static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try JSONText(bytes, limits: limits).value()
  }
}
