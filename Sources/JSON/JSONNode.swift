/// Where a value of a ``JSONText``, or the name of a member, stands in it.
public struct JSONNode: Sendable {
  /// What it is.
  public enum Kind: UInt8, Sendable {
    case null, yes, no, number
    case string
    /// A string that does not stand there as it is meant.
    case escapedString
    case array, object
  }

  /// What stands there.
  public let kind: Kind
  /// The first byte; that of a string is behind the quote.
  public let start: UInt32
  /// The byte behind the last one; that of a string is the closing quote.
  public internal(set) var end: UInt32
  /// The number of the node behind this one and all that is inside of it.
  public internal(set) var next: UInt32

  init(_ kind: Kind, start: Int, end: Int, next: Int) {
    self.kind = kind
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
    self.next = UInt32(truncatingIfNeeded: next)
  }

  /// Bytes it takes in the text.
  public var length: Int { Int(end) &- Int(start) }

  /// Whether it is text, however it is written.
  public var isString: Bool { kind == .string || kind == .escapedString }
}
