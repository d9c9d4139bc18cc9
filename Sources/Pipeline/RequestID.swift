package import Bytes

/// Names a request in the log and towards the backend: random per process, counted per request.
package struct RequestID: Equatable, Sendable {
  private let process: UInt32
  private let number: UInt64

  package static let zero = RequestID(process: 0, number: 0)
  private nonisolated(unsafe) static var last = RequestID(process: 0, number: 0)

  private init(process: UInt32, number: UInt64) {
    self.process = process
    self.number = number
  }

  /// The next one; the loop's thread only.
  static func next() -> RequestID {
    let process = last.process == 0 ? UInt32.random(in: 1...UInt32.max) : last.process
    last = RequestID(process: process, number: last.number &+ 1)
    return last
  }

  /// 20 hexadecimal digits, lent for the call.
  package func withText<Result>(_ body: (ByteView) -> Result) -> Result {
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { text in
      for index in 0..<20 {
        let digit =
          index < 8
          ? UInt8(truncatingIfNeeded: process >> UInt32(28 - index * 4)) & 15
          : UInt8(truncatingIfNeeded: number >> UInt64(76 - index * 4)) & 15
        text[index] = digit < 10 ? digit + 0x30 : digit + 0x57
      }
      return body(ByteView(text))
    }
  }
}
