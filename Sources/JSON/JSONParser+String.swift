extension JSONParser {
  /// The string whose opening quote is next.
  mutating func string() throws(JSONError) {
    let start = position &+ 1
    position = start
    var isASCII = true
    var kind = JSONNode.Kind.string
    while true {
      isASCII = try skipPlain() && isASCII
      if bytes[position] == 0x22 { break }
      kind = .escapedString
      position &+= 1
      _ = try escape()
    }
    // An escape stands for whole characters: the text is UTF-8 when what is between escapes is.
    guard isASCII || String(validating: bytes[start..<position], as: UTF8.self) != nil else {
      throw JSONError(.invalidUTF8, at: start)
    }
    add(kind, from: start)
    position &+= 1
  }

  /// What the content of a string means that was found valid.
  static func unescaped(_ content: UnsafeRawBufferPointer) -> [UInt8] {
    var parser = JSONParser(content, .default)
    var text = [UInt8]()
    text.reserveCapacity(content.count)
    while parser.position < content.count {
      let byte = content[parser.position]
      parser.position &+= 1
      if byte != 0x5C {
        text.append(byte)
      } else if let scalar = try? parser.escape() {
        text.append(contentsOf: scalar.utf8)
      }
    }
    return text
  }

  /// Stops at the closing quote or at a backslash; so `bytes[position]` is valid afterwards.
  ///
  /// - Returns: whether all it passed is ASCII.
  @inline(__always)
  private mutating func skipPlain() throws(JSONError) -> Bool {
    var seen: UInt64 = 0
    var position = position
    defer { self.position = position }
    // Eight bytes at a time up to the first that needs attention; a borrow can only report one too many above it.
    while position &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let quotes = word ^ 0x2222_2222_2222_2222
      let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
      let controls = (word &- 0x2020_2020_2020_2020) & ~word
      let ends = (quotes &- Self.ones) & ~quotes | (backslashes &- Self.ones) & ~backslashes
      let found = (controls | ends) & Self.highs
      guard found == 0 else {
        let bits = UInt64(found.trailingZeroBitCount & ~7)
        seen |= word & (1 &<< bits &- 1)
        position &+= Int(bits / 8)
        break
      }
      seen |= word
      position &+= 8
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x22 || byte == 0x5C { return seen & Self.highs == 0 }
      guard byte >= 0x20 else { throw JSONError(.controlCharacter, at: position) }
      seen |= UInt64(byte)
      position &+= 1
    }
    throw JSONError(.unexpectedEnd, at: position)
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// Takes what follows a backslash.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    let kind = bytes[position]
    position &+= 1
    switch kind {
    case 0x22, 0x5C, 0x2F: return Unicode.Scalar(kind)
    case 0x62: return "\u{8}"
    case 0x66: return "\u{C}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75: return try scalar()
    default: throw JSONError(.invalidEscape, at: position &- 1)
    }
  }

  /// The scalar of `\uXXXX`, of which `\u` has been taken, or of a surrogate pair.
  private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
    let start = position &- 2
    let unit = try hexadecimal()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xDC00, position &+ 1 < bytes.count, bytes[position] == 0x5C, bytes[position &+ 1] == 0x75
    else {
      throw JSONError(.loneSurrogate, at: start)
    }
    position &+= 2
    let low = try hexadecimal()
    let combined = 0x10000 &+ (UInt32(unit) &- 0xD800) << 10 &+ (UInt32(low) &- 0xDC00)
    guard 0xDC00...0xDFFF ~= low, let scalar = Unicode.Scalar(combined) else {
      throw JSONError(.loneSurrogate, at: start)
    }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt16 {
    guard position &+ 4 <= bytes.count else { throw error(.unexpectedEnd) }
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = bytes[position]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte &- 0x30
      case 0x41...0x46: digit = byte &- 0x37
      case 0x61...0x66: digit = byte &- 0x57
      default: throw error(.invalidEscape)
      }
      value = value << 4 | UInt16(digit)
      position &+= 1
    }
    return value
  }
}
