import Bytes

/// Gathers one head from input that may end anywhere: looks at it in place when it is whole, keeps it when not.
struct HeadReader {
  private var scanner = HeadScanner()
  /// What has arrived of a head that is not whole yet.
  private var kept: ByteBuffer?

  /// Whether part of a head has arrived.
  var isPartial: Bool { kept != nil }

  /// Calls `body` with the head once it is complete, and shortens `input` by what belonged to it.
  ///
  /// - Returns: false when more input is needed; all of it has been kept then.
  mutating func read(
    _ input: inout ByteView, _ limits: HeadLimits, _ body: (ByteView) throws(WireFault) -> Void
  ) throws(WireFault) -> Bool {
    if kept == nil, let length = try scanner.scan(input, limits) {
      let head = input.slice(scanner.leading, length - scanner.leading)
      input = input.from(length)
      scanner = HeadScanner()
      try body(head)
      return true
    }
    let kept = kept ?? ByteBuffer()
    let before = kept.count
    kept.append(input)
    if !kept.isEmpty { self.kept = kept }
    guard before > 0, let length = try scanner.scan(kept.view, limits) else {
      input = ByteView(start: nil, count: 0)
      return false
    }
    input = input.from(length - before)
    let leading = scanner.leading
    scanner = HeadScanner()
    self.kept = nil
    defer { kept.clear() }
    try body(kept.view.slice(leading, length - leading))
    return true
  }
}
