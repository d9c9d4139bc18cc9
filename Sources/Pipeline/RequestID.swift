package import Bytes

/// Names a request in the log and towards the backend: random per process, counted per request.
package struct RequestID: Equatable, Sendable {
  private let process: UInt32
  private let number: UInt64

  package static let zero = RequestID(process: 0, number: 0)
  private nonisolated(unsafe) static var last = RequestID(process: 0, number: 0)

  init(process: UInt32, number: UInt64) {
    self.process = process
    self.number = number
  }

  /// Numbers this process among others, in place of a random number; before its first request.
  ///
  /// - Parameter process: 0: a random number after all.
  package static func begin(process: UInt32) { last = RequestID(process: process, number: 0) }

  /// The next one; the loop's thread only.
  static func next() -> RequestID {
    let process = last.process == 0 ? UInt32.random(in: 1...UInt32.max) : last.process
    last = RequestID(process: process, number: last.number &+ 1)
    return last
  }

  /// 20 hexadecimal digits, lent for the call.
  package func withText(_ body: (ByteView) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { text in
      text.storeBytes(of: Self.hexadecimal(process), as: UInt64.self)
      text.storeBytes(of: Self.hexadecimal(UInt32(truncatingIfNeeded: number >> 16)), toByteOffset: 8, as: UInt64.self)
      // Four digits are left; as many again hang over.
      text.storeBytes(
        of: Self.hexadecimal(UInt32(truncatingIfNeeded: number << 16)), toByteOffset: 16, as: UInt64.self)
      body(ByteView(start: text.baseAddress, count: 20))
    }
  }

  /// Eight digits as they stand in memory, all at once: every request needs twenty.
  private static func hexadecimal(_ value: UInt32) -> UInt64 {
    var digits = UInt64(value)
    digits = (digits | digits &<< 16) & 0x0000_FFFF_0000_FFFF
    digits = (digits | digits &<< 8) & 0x00FF_00FF_00FF_00FF
    digits = (digits | digits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
    // Digits above nine are letters, which stand 39 places behind.
    let letters = ((digits &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
    return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 39).bigEndian
  }
}
