import Bytes
import Testing

@testable import Wire

struct FrameWatchTests {
  private static let headers = HTTP2Frame.Kind.headers
  private static let continuation = HTTP2Frame.Kind.continuation

  /// Frames with and without field sections, one of which is in pieces.
  private static let frames: [HTTP2Frame] = [
    HTTP2Frame(HTTP2Frame.Kind.settings, 0, 0, [0, 3, 0, 0, 0, 9]),
    HTTP2Frame(headers, HTTP2Frame.endHeaders | HTTP2Frame.endStream, 1, [1, 2, 3]),
    HTTP2Frame(headers, HTTP2Frame.endStream, 3, [4, 5]),
    HTTP2Frame(continuation, 0, 3, [6]),
    HTTP2Frame(continuation, 0, 3),
    HTTP2Frame(continuation, HTTP2Frame.endHeaders, 3, [7, 8]),
    // The flag that ends a section means nothing here.
    HTTP2Frame(HTTP2Frame.Kind.data, HTTP2Frame.endHeaders, 3, [UInt8](repeating: 1, count: 300)),
    HTTP2Frame(headers, HTTP2Frame.endHeaders | HTTP2Frame.padded, 5, [3, 9, 0, 0, 0]),
    HTTP2Frame(headers, HTTP2Frame.endHeaders, 7),
    HTTP2Frame(headers, 0, 9),
    HTTP2Frame(continuation, HTTP2Frame.endHeaders, 9),
    HTTP2Frame(HTTP2Frame.Kind.ping, 0, 0, [UInt8](repeating: 0x29, count: 8)),
  ]

  /// What has to be reported after each byte when byte `n` comes at time `n`.
  private static func expected(_ preface: Int) -> [UInt64?] {
    var expected = [UInt64?](repeating: nil, count: preface)
    var since: UInt64?
    for frame in frames {
      expected += [UInt64?](repeating: since, count: 8)
      if frame.type == headers { since = UInt64(expected.count) }
      if frame.type != headers, frame.type != continuation { since = nil }
      let ends = frame.flags & HTTP2Frame.endHeaders != 0
      if frame.payload.isEmpty, ends { since = nil }
      expected.append(since)
      guard !frame.payload.isEmpty else { continue }
      expected += [UInt64?](repeating: since, count: frame.payload.count - 1)
      if ends { since = nil }
      expected.append(since)
    }
    return expected
  }

  @Test(arguments: [false, true])
  func aSectionIsOpenFromItsHeaderToItsEnd(withPreface: Bool) {
    let preface = withPreface ? HTTP2Frame.preface : []
    let bytes = preface + Self.frames.flatMap(\.bytes)
    var watch = FrameWatch(skipping: preface.count)
    var seen: [UInt64?] = []
    for (index, byte) in bytes.enumerated() {
      [byte].lend { watch.scan($0, now: UInt64(index)) }
      seen.append(watch.openSince)
    }
    #expect(seen == Self.expected(preface.count))
  }

  @Test(arguments: [false, true])
  func theCutMakesNoDifference(withPreface: Bool) {
    let preface = withPreface ? HTTP2Frame.preface : []
    let bytes = preface + Self.frames.flatMap(\.bytes)
    let expected = Self.expected(preface.count)
    for cut in 0...bytes.count {
      var watch = FrameWatch(skipping: preface.count)
      Array(bytes[..<cut]).lend { watch.scan($0, now: 1) }
      #expect((watch.openSince != nil) == (cut > 0 && expected[cut - 1] != nil), "cut after \(cut)")
      Array(bytes[cut...]).lend { watch.scan($0, now: 2) }
      #expect(watch.openSince == nil, "cut after \(cut)")
    }
  }

  @Test func continuationsDoNotRestartTheClock() {
    var watch = FrameWatch(skipping: 0)
    HTTP2Frame(Self.headers, 0, 1, [1]).bytes.lend { watch.scan($0, now: 10) }
    HTTP2Frame(Self.continuation, 0, 1, [1]).bytes.lend { watch.scan($0, now: 20) }
    #expect(watch.openSince == 10)
  }

  @Test func framesThatMayBeSkippedAreCounted() {
    var watch = FrameWatch(skipping: 0)
    let unknown = [UInt8(10), 0x10, 0xFF].flatMap { HTTP2Frame($0, 0, 0, [1, 2, 3]).bytes }
    let empty = Send.data(1, "") + Send.data(1, "", ends: true) + Send.data(3, "")
    (Self.frames.flatMap(\.bytes) + unknown + empty).lend { watch.scan($0, now: 0) }
    #expect(watch.unknownFrames == 3)
    #expect(watch.emptyData == 2)
  }

  @Test func aContinuationOfNothingOpensNothing() {
    var watch = FrameWatch(skipping: 0)
    HTTP2Frame(Self.continuation, 0, 1, [1]).bytes.lend { watch.scan($0, now: 10) }
    #expect(watch.openSince == nil)
  }
}
