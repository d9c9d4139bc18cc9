/// Remembers which stream ids a client has passed over: opening one of them later is a connection error
/// (RFC 9113 §5.1.1), while a frame for a stream that has been closed may simply be late.
struct StreamOrder {
  private(set) var highest: Int32 = 0
  /// Ranges of ids passed over, in ascending order. Clients number without gaps; the oldest are forgotten.
  private var skipped: [ClosedRange<Int32>] = []
  private static let rangeLimit = 16

  /// Counts a stream as opened.
  mutating func open(_ id: Int32) {
    guard id > highest else { return }
    if id - highest > 2 {
      if skipped.count == Self.rangeLimit { skipped.removeFirst() }
      skipped.append(highest + 1...id - 1)
    }
    highest = id
  }

  /// Whether a HEADERS frame with that id would open a stream that has been passed over.
  func goesBackwards(_ id: Int32) -> Bool {
    id < highest && skipped.contains { $0.contains(id) }
  }
}
