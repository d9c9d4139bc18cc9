import Bytes

/// Follows the frames of a peer only so far as to know whether a field section is under way, and since when: the
/// library has no clock, and would wait for the rest of one for ever. Frames that the library may skip without a word
/// are counted on the way.
struct FrameWatch {
  /// Milliseconds as given to `scan`; nil between field sections.
  private(set) var openSince: UInt64?
  /// Frames of types that RFC 9113 does not know.
  private(set) var unknownFrames = 0
  /// DATA frames of no length that end nothing, whatever has become of their stream.
  private(set) var emptyData = 0
  /// Bytes of the frame under way, or of the connection preface, that are still to come.
  private var remaining: Int
  private var endsWithFrame = false
  private var header: (UInt64, count: Int) = (0, 0)

  /// - Parameter preface: bytes before the first frame.
  init(skipping preface: Int) { remaining = preface }

  /// Bytes before the header of the next frame; nil in the midst of one.
  var untilFrame: Int? { header.count == 0 ? remaining : nil }

  mutating func scan(_ bytes: ByteView, now: UInt64) {
    var index = 0
    while index < bytes.count {
      if remaining > 0 {
        let skipped = min(remaining, bytes.count - index)
        remaining -= skipped
        index += skipped
        if remaining == 0 { frameEnded() }
        continue
      }
      // Length, type and flags are the first five bytes of nine.
      if header.count < 5 { header.0 = header.0 << 8 | UInt64(bytes[index]) }
      header.count += 1
      index += 1
      if header.count == 9 { frameBegan(now) }
    }
  }

  private mutating func frameBegan(_ now: UInt64) {
    let (type, flags) = (header.0 >> 8 & 0xFF, header.0 & 0xFF)
    remaining = Int(header.0 >> 16)
    header = (0, 0)
    let isHeaders = type == 0x1
    if isHeaders || (type == 0x9 && openSince != nil) {
      if isHeaders { openSince = now }
      endsWithFrame = flags & 0x4 != 0
    } else {
      openSince = nil
    }
    if type > 0x9 { unknownFrames &+= 1 }
    if type == 0x0, remaining == 0, flags & 0x1 == 0 { emptyData &+= 1 }
    if remaining == 0 { frameEnded() }
  }

  private mutating func frameEnded() {
    if endsWithFrame { openSince = nil }
    endsWithFrame = false
  }
}
