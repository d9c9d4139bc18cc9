import Bytes
import CNghttp2

/// On the way from the connection to the library.
extension HTTP2Session {
  /// Gives the library what has come, without credentials that are known.
  ///
  /// - Parameter untilFrame: bytes before the first header of a frame; nil: to be passed as they are.
  func pass(_ bytes: ByteView, _ untilFrame: Int?) {
    var passed = 0
    var next = untilFrame ?? bytes.count
    while next + 9 <= bytes.count {
      let header = bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self).bigEndian
      let end = next + 9 + Int(header >> 40)
      let (type, flags) = (header >> 32 & 0xFF, header >> 24 & 0xFF)
      // HEADERS with END_HEADERS and without PADDED (RFC 9113 §6.2).
      if type == 0x1, flags & 0xC == 0x4, end <= bytes.count {
        let frame = bytes.slice(next, end - next)
        let rewritten = ByteBuffer(pool: buffers)
        switch memo.step(frame, rewritten) {
        case .unchanged: break
        case .learning:
          guard pass(bytes.slice(passed, next - passed)) else { return }
          isLearning = true
          defer { isLearning = false }
          guard pass(frame) else { return }
          passed = end
        case .rewritten(let field):
          guard pass(bytes.slice(passed, next - passed)) else { return }
          fieldsUntilKnown = field
          defer { fieldsUntilKnown = -1 }
          guard pass(rewritten.view) else { return }
          passed = end
        }
      }
      next = end
    }
    _ = pass(bytes.from(passed))
  }

  /// - Returns: whether the library goes on.
  private func pass(_ bytes: ByteView) -> Bool {
    guard bytes.count > 0 else { return true }
    let used = nghttp2_session_mem_recv(raw, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    if used < 0 { broke(Int32(truncatingIfNeeded: used)) }
    return used >= 0
  }
}
