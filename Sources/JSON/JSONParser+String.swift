extension JSONParser {
  /// The string whose opening quote is next. Text without escapes is taken over in one piece.
  mutating func string() throws(JSONError) -> String {
    let start = position &+ 1
    position = start
    let isASCII = try skipPlain()
    if bytes[position] == 0x22 {
      let text = try text(
        UnsafeRawBufferPointer(rebasing: bytes[start..<position]), isASCII: isASCII, from: start)
      position &+= 1
      return text
    }
    var unescaped = [UInt8](bytes[start..<position])
    while bytes[position] != 0x22 {
      position &+= 1
      try escape(into: &unescaped)
      let plain = position
      _ = try skipPlain()
      unescaped.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[plain..<position]))
    }
    position &+= 1
    return try unescaped.withUnsafeBufferPointer { (buffer) throws(JSONError) -> String in
      try text(UnsafeRawBufferPointer(buffer), isASCII: false, from: start)
    }
  }

  /// Stops at the closing quote or at a backslash; so `bytes[position]` is valid afterwards.
  ///
  /// - Returns: whether all it passed is ASCII.
  private mutating func skipPlain() throws(JSONError) -> Bool {
    var seen: UInt64 = 0
    // Eight bytes at a time as long as none needs attention; a borrow can only report one too many.
    while position &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let quotes = word ^ 0x2222_2222_2222_2222
      let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
      let controls = (word &- 0x2020_2020_2020_2020) & ~word
      let ends = (quotes &- Self.ones) & ~quotes | (backslashes &- Self.ones) & ~backslashes
      guard (controls | ends) & Self.highs == 0 else { break }
      seen |= word
      position &+= 8
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x22 || byte == 0x5C { return seen & Self.highs == 0 }
      guard byte >= 0x20 else { throw error(.controlCharacter) }
      seen |= UInt64(byte)
      position &+= 1
    }
    throw error(.unexpectedEnd)
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  private func text(
    _ utf8: UnsafeRawBufferPointer, isASCII: Bool, from start: Int
  ) throws(JSONError) -> String {
    if isASCII {
      return String(unsafeUninitializedCapacity: utf8.count) { target in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: utf8)
        return utf8.count
      }
    }
    guard let text = String(validating: utf8, as: UTF8.self) else { throw JSONError(.invalidUTF8, at: start) }
    return text
  }

  /// Takes what follows a backslash.
  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard position < bytes.count else { throw error(.unexpectedEnd) }
    let kind = bytes[position]
    position &+= 1
    switch kind {
    case 0x22, 0x5C, 0x2F: text.append(kind)
    case 0x62: text.append(0x08)
    case 0x66: text.append(0x0C)
    case 0x6E: text.append(0x0A)
    case 0x72: text.append(0x0D)
    case 0x74: text.append(0x09)
    case 0x75: text.append(contentsOf: String(Character(try scalar())).utf8)
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
