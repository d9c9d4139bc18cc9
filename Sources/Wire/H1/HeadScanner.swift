import Bytes
import Glibc

/// Finds the end of a head in bytes that arrive in pieces, looking at each byte once.
///
/// Only CR LF ends a line: a bare LF is refused as soon as it is seen (RFC 9112 §2.2 lets a recipient accept it;
/// two parsers that disagree about it are how requests are smuggled).
struct HeadScanner {
  private var scanned = 0
  private var lineStart = 0
  private var lines = 0
  /// Bytes of an empty line before the start line, to be ignored (RFC 9112 §2.2): none, or one CR LF.
  private(set) var leading = 0

  /// - Parameter bytes: what has arrived, from the first byte of the head on.
  /// - Returns: the length of the head with what leads and its empty line, or nil when more is needed.
  mutating func scan(_ bytes: ByteView, _ limits: HeadLimits) throws(WireFault) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    while scanned < bytes.count {
      guard let found = memchr(base + scanned, Int32(ASCII.lf), bytes.count &- scanned) else {
        if lines == 0 { try checkText(bytes.from(scanned)) }
        scanned = bytes.count
        break
      }
      let index = base.distance(to: UnsafeRawPointer(found))
      if lines == 0 { try checkText(bytes.slice(scanned, index - scanned)) }
      guard index > lineStart, bytes[index - 1] == ASCII.cr else { throw WireFault(400, "bare_line_feed") }
      let length = index - 1 - lineStart
      scanned = index + 1
      if length == 0, lines > 0 {
        guard scanned <= limits.headSize else { throw WireFault(431, "head_too_large") }
        return scanned
      }
      if length == 0, leading == 0 { leading = 2 } else { try countLine(length, limits) }
      lineStart = scanned
    }
    // One byte of what there is may be the CR of the line's end.
    if lines == 0 { try checkStartLine(bytes.count - lineStart - 1, limits) }
    guard bytes.count <= limits.headSize else { throw WireFault(431, "head_too_large") }
    return nil
  }

  private mutating func countLine(_ length: Int, _ limits: HeadLimits) throws(WireFault) {
    if lines == 0 { try checkStartLine(length, limits) }
    lines += 1
  }

  /// Bytes that no start line has are refused as they come, not when the deadline passes: a TLS client on a port
  /// for clear text never sends the end of a line.
  private func checkText(_ bytes: ByteView) throws(WireFault) {
    if scanned == lineStart, let first = bytes.first, first != ASCII.cr, !ASCII.isToken(first) {
      throw WireFault(400, "bad_start_line")
    }
    var index = 0
    while index < bytes.count {
      guard bytes[index] == ASCII.cr || ASCII.isFieldValue(bytes[index]) else { throw WireFault(400, "bad_start_line") }
      index &+= 1
    }
  }

  /// The longest target, with room for a long method and the version.
  private func checkStartLine(_ length: Int, _ limits: HeadLimits) throws(WireFault) {
    if length > limits.targetSize + 64 { throw WireFault(414, "target_too_long") }
  }
}
