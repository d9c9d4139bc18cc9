import Bytes
import HTTP
import Net

/// The hops that `Forwarded` or `X-Forwarded-For` lists, the nearest first.
///
/// Read from the right: what a client has put before the part that proxies have appended, an open quote for example,
/// changes nothing about how that part reads. Each byte is looked at once.
struct ForwardedHops {
  private let fields: Fields
  private let name: FieldName
  private var line: Int
  /// How much of the line is left to read.
  private var end: Int

  /// - Parameter last: the index of the last field with the name.
  init(_ fields: Fields, last: Int) {
    self.fields = fields
    name = fields.name(last)
    line = last
    end = fields.value(last).count
  }

  /// - Returns: nil behind the last hop, and at one that names no address.
  mutating func next() -> IPAddress? {
    guard findElement() else { return nil }
    return name == .forwarded ? standardHop() : commonHop()
  }

  /// - Returns: false when no line of the field stands before this one.
  private mutating func goToEarlierLine() -> Bool {
    var index = line
    while index > 0 {
      index -= 1
      if fields.name(index) == name {
        line = index
        end = fields.value(index).count
        return true
      }
    }
    return false
  }

  /// Goes to the end of the next element, past empty ones and on to the line before.
  private mutating func findElement() -> Bool {
    while true {
      let value = fields.value(line)
      while end > 0, value[end - 1] == ASCII.comma || Self.isSpace(value[end - 1]) { end -= 1 }
      if end > 0 { return true }
      guard goToEarlierLine() else { return false }
    }
  }

  /// An address without a name.
  private mutating func commonHop() -> IPAddress? {
    let value = fields.value(line)
    let stop = end
    while end > 0, value[end - 1] != ASCII.comma { end -= 1 }
    var start = end
    while start < stop, Self.isSpace(value[start]) { start += 1 }
    return Self.address(value.slice(start, stop - start), allowsBareV6: true)
  }

  /// Pairs of a name and a value, separated by semicolons (RFC 7239 §4).
  private mutating func standardHop() -> IPAddress? {
    let value = fields.value(line)
    var node: ByteView?
    while true {
      skipSpace(value)
      guard end > 0, value[end - 1] != ASCII.comma else { break }
      if value[end - 1] == ASCII.semicolon {
        end -= 1
        continue
      }
      guard let pair = pair(value) else { return nil }
      if pair.name.equalsIgnoringCase("for") {
        guard node == nil else { return nil }
        node = pair.value
      }
      skipSpace(value)
      guard end == 0 || value[end - 1] == ASCII.comma || value[end - 1] == ASCII.semicolon else { return nil }
    }
    return node.flatMap { Self.address($0, allowsBareV6: false) }
  }

  private mutating func pair(_ value: ByteView) -> (name: ByteView, value: ByteView)? {
    guard let text = value[end - 1] == ASCII.quote ? quoted(value) : unquoted(value) else { return nil }
    guard end > 0, value[end - 1] == ASCII.equals else { return nil }
    end -= 1
    let stop = end
    while end > 0, ASCII.isToken(value[end - 1]) { end -= 1 }
    return end < stop ? (value.slice(end, stop - end), text) : nil
  }

  /// The inside of a quoted string; the quotes in it stand behind an odd number of backslashes (RFC 9110 §5.6.4).
  private mutating func quoted(_ value: ByteView) -> ByteView? {
    let stop = end - 1
    var start = stop
    while start > 0 {
      start -= 1
      guard value[start] == ASCII.quote else { continue }
      var backslashes = start
      while backslashes > 0, value[backslashes - 1] == ASCII.backslash { backslashes -= 1 }
      if (start - backslashes) % 2 == 0 {
        end = start
        return value.slice(start + 1, stop - start - 1)
      }
      start = backslashes
    }
    return nil
  }

  /// A token, and addresses that should have been quoted.
  private mutating func unquoted(_ value: ByteView) -> ByteView? {
    let stop = end
    while end > 0, !Self.endsUnquoted(value[end - 1]) { end -= 1 }
    return end < stop ? value.slice(end, stop - end) : nil
  }

  private mutating func skipSpace(_ value: ByteView) {
    while end > 0, Self.isSpace(value[end - 1]) { end -= 1 }
  }

  private static func endsUnquoted(_ byte: UInt8) -> Bool {
    switch byte {
    case ASCII.comma, ASCII.semicolon, ASCII.equals, ASCII.quote: true
    default: isSpace(byte)
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

  /// The address of a node (RFC 7239 §6), whose port, if any, is not looked at further. `X-Forwarded-For` has the same
  /// forms, and IPv6 addresses without brackets.
  private static func address(_ node: ByteView, allowsBareV6: Bool) -> IPAddress? {
    if node.first == 0x5B {
      guard let close = node.firstIndex(of: 0x5D), isPort(node.from(close + 1)) else { return nil }
      return IPAddress(v6: node.slice(1, close - 1))
    }
    guard let colon = node.firstIndex(of: ASCII.colon) else { return IPAddress(v4: node) }
    if isPort(node.from(colon)), let address = IPAddress(v4: node.slice(0, colon)) { return address }
    return allowsBareV6 ? IPAddress(v6: node) : nil
  }

  /// Nothing, or a colon and a number or an obfuscated port.
  private static func isPort(_ text: ByteView) -> Bool {
    guard let colon = text.first else { return true }
    guard colon == ASCII.colon, text.count > 1 else { return false }
    if text[1] == 0x5F {
      return text.count > 2 && text.from(2).allSatisfy(isObfuscated)
    }
    return text.count <= 6 && text.from(1).allSatisfy(ASCII.isDigit)
  }

  private static func isObfuscated(_ byte: UInt8) -> Bool {
    switch byte {
    case ASCII.dot, ASCII.dash, 0x5F: true
    default: ASCII.isAlpha(byte) || ASCII.isDigit(byte)
    }
  }
}
