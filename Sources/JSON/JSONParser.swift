/// One strict pass over a JSON text (RFC 8259): UTF-8 without byte order mark, no extensions, unique member
/// names.
///
/// Strictness is a matter of security here: two parsers that read one token differently are an attack (RFC
/// 8725 §2.4).
struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  var position = 0
  private var valuesLeft: Int
  private let deepest: Int

  init(_ bytes: UnsafeRawBufferPointer, _ limits: JSONLimits) {
    self.bytes = bytes
    valuesLeft = limits.values
    deepest = limits.depth
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error(.trailingBytes) }
    return value
  }

  func error(_ reason: JSONError.Reason) -> JSONError { JSONError(reason, at: position) }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
      default: return
      }
    }
  }

  /// Skips white space and takes the next byte's value without passing it.
  private mutating func peek() throws(JSONError) -> UInt8 {
    skipSpace()
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[position]
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    let first = try peek()
    guard valuesLeft > 0 else { throw error(.tooManyValues) }
    valuesLeft &-= 1
    switch first {
    case 0x22: return .string(try string())
    case 0x7B: return .object(try object(depth: depth &+ 1))
    case 0x5B: return .array(try array(depth: depth &+ 1))
    case 0x2D, 0x30...0x39: return try number()
    case 0x74:
      try word("true")
      return .bool(true)
    case 0x66:
      try word("false")
      return .bool(false)
    case 0x6E:
      try word("null")
      return .null
    default: throw error(.unexpectedByte)
    }
  }

  private mutating func word(_ text: StaticString) throws(JSONError) {
    let start = text.utf8Start
    for index in 0..<text.utf8CodeUnitCount {
      guard position < bytes.count else { throw error(.unexpectedEnd) }
      guard bytes[position] == start[index] else { throw error(.unexpectedByte) }
      position &+= 1
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    guard depth <= deepest else { throw error(.tooDeep) }
    position &+= 1
    var elements = [JSONValue]()
    if try peek() == 0x5D {
      position &+= 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth))
      switch try peek() {
      case 0x2C: position &+= 1
      case 0x5D:
        position &+= 1
        return elements
      default: throw error(.unexpectedByte)
      }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    guard depth <= deepest else { throw error(.tooDeep) }
    position &+= 1
    var members = [JSONObject.Member]()
    var names = UniqueNames()
    if try peek() == 0x7D {
      position &+= 1
      return JSONObject(uniqueMembers: members)
    }
    members.reserveCapacity(depth == 1 ? 16 : 4)
    while true {
      guard try peek() == 0x22 else { throw error(.unexpectedByte) }
      let start = position
      let name = try string()
      guard names.insert(name, after: members) else { throw JSONError(.duplicateName, at: start) }
      guard try peek() == 0x3A else { throw error(.unexpectedByte) }
      position &+= 1
      members.append(JSONObject.Member(name: name, value: try value(depth: depth)))
      switch try peek() {
      case 0x2C: position &+= 1
      case 0x7D:
        position &+= 1
        return JSONObject(uniqueMembers: members)
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
    var parser = JSONParser(bytes, limits)
    return try parser.document()
  }

  /// Parses a whole text as one value.
  package static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
      try parse(UnsafeRawBufferPointer(buffer), limits: limits)
    }
  }
}
