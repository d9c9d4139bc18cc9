import Bytes
import HTTP

/// Reads the trailer section behind the last chunk (RFC 9112 §7.1.2).
struct TrailerReader {
  private let kept = ByteBuffer()
  private var lineLength = 0
  private var previous: UInt8 = 0

  /// - Returns: nil when more is needed; else the trailers, which may be empty.
  mutating func read(_ input: inout ByteView, _ limits: HeadLimits) throws(WireFault) -> Fields? {
    while let byte = input.first {
      input = input.from(1)
      guard kept.count < limits.headSize else { throw WireFault(431, "trailers_too_large") }
      kept.append(byte)
      if byte == ASCII.lf {
        guard previous == ASCII.cr else { throw WireFault(400, "bare_line_feed") }
        if lineLength == 1 { return try parse(limits) }
        lineLength = 0
      } else {
        lineLength += 1
      }
      previous = byte
    }
    return nil
  }

  private func parse(_ limits: HeadLimits) throws(WireFault) -> Fields {
    let fields = Fields(capacity: max(kept.count, 64))
    fields.store(kept.view)
    try FieldLines.parse(into: fields, from: 0, to: kept.count - 2, limits)
    // What frames, routes or authenticates a message may not come behind its body (RFC 9110 §6.5.1).
    for index in 0..<fields.count where fields.name(index) != .other { fields.remove(index) }
    return fields
  }
}
