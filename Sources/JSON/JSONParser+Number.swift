extension JSONParser {
  /// The number that starts at the next byte, which is a digit or a minus sign.
  mutating func number() throws(JSONError) -> JSONValue {
    if let integer = plainInteger() { return .integer(integer) }
    let start = position
    let isNegative = bytes[position] == 0x2D
    if isNegative { position &+= 1 }
    let digits = position
    var magnitude: UInt64 = 0
    var fits = true
    while let digit = nextDigit() {
      let (scaled, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carried) = scaled.addingReportingOverflow(UInt64(digit))
      fits = fits && !overflowed && !carried
      magnitude = sum
    }
    let length = position &- digits
    guard length > 0, length == 1 || bytes[digits] != 0x30 else { throw JSONError(.invalidNumber, at: start) }
    let isWhole = try skipFractionAndExponent(of: start)
    if isWhole, fits, let integer = Self.integer(magnitude, isNegative) { return .integer(integer) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw JSONError(.numberOutOfRange, at: start) }
    return .number(value)
  }

  /// What nearly all numbers are: digits alone, and so few that they fit. Passes nothing when it is another.
  private mutating func plainInteger() -> Int64? {
    let end = Swift.min(bytes.count, position &+ 18)
    var index = position
    var value: Int64 = 0
    while index < end {
      let digit = bytes[index] &- 0x30
      guard digit < 10 else { break }
      value = value &* 10 &+ Int64(digit)
      index &+= 1
    }
    guard index > position, bytes[position] != 0x30 else { return nil }
    if index < bytes.count {
      let next = bytes[index]
      if next &- 0x30 < 10 || next == 0x2E || next | 0x20 == 0x65 { return nil }
    }
    position = index
    return value
  }

  private static func integer(_ magnitude: UInt64, _ isNegative: Bool) -> Int64? {
    guard isNegative else { return Int64(exactly: magnitude) }
    if magnitude == Int64.min.magnitude { return .min }
    return Int64(exactly: magnitude).map { -$0 }
  }

  /// - Returns: whether the number has neither.
  private mutating func skipFractionAndExponent(of start: Int) throws(JSONError) -> Bool {
    var isWhole = true
    if position < bytes.count, bytes[position] == 0x2E {
      isWhole = false
      position &+= 1
      try skipDigits(of: start)
    }
    if position < bytes.count, bytes[position] | 0x20 == 0x65 {
      isWhole = false
      position &+= 1
      if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D { position &+= 1 }
      try skipDigits(of: start)
    }
    return isWhole
  }

  private mutating func skipDigits(of start: Int) throws(JSONError) {
    guard nextDigit() != nil else { throw JSONError(.invalidNumber, at: start) }
    while nextDigit() != nil {}
  }

  private mutating func nextDigit() -> UInt8? {
    guard position < bytes.count else { return nil }
    let digit = bytes[position] &- 0x30
    guard digit < 10 else { return nil }
    position &+= 1
    return digit
  }
}
