import Bytes

/// What the Connection field says about this hop (RFC 9110 §7.6.1).
public struct ConnectionOptions {
  /// The connection ends with this message.
  public private(set) var close = false
  /// The connection stays open: what HTTP/1.0 has to ask for.
  public private(set) var keepAlive = false

  /// Reads the Connection fields and removes every field they name: those end here, too.
  public init(consuming fields: Fields) {
    var next = fields.firstIndex(of: .connection)
    while let index = next {
      let value = fields.value(index)
      var start = 0
      for end in 0...value.count where end == value.count || value[end] == ASCII.comma {
        option(Self.trimmed(value, start, end), fields)
        start = end + 1
      }
      next = fields.firstIndex(of: .connection, from: index + 1)
    }
  }

  private mutating func option(_ name: ByteView, _ fields: Fields) {
    if name.count == 0 { return }
    if name.equalsIgnoringCase("close") { return close = true }
    if name.equalsIgnoringCase("keep-alive") { return keepAlive = true }
    for index in 0..<fields.count
    where !fields.name(index).isHopByHop && Self.same(fields.spelling(index), name) {
      fields.remove(index)
    }
  }

  private static func trimmed(_ value: ByteView, _ start: Int, _ end: Int) -> ByteView {
    var (from, to) = (start, end)
    while from < to, value[from] == ASCII.space || value[from] == ASCII.tab { from += 1 }
    while to > from, value[to - 1] == ASCII.space || value[to - 1] == ASCII.tab { to -= 1 }
    return value.slice(from, to - from)
  }

  private static func same(_ left: ByteView, _ right: ByteView) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
  }
}
