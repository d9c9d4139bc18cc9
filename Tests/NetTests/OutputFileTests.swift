import Bytes
import Glibc
import Testing

@testable import Net

struct OutputFileTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  /// A pipe whose end to read never blocks.
  private final class Pipe {
    let input: Int32
    private var output: Int32
    private(set) var received: [UInt8] = []

    init() throws {
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      (output, input) = (ends[0], ends[1])
      try #require(fcntl(output, F_SETFL, O_NONBLOCK) == 0)
    }

    deinit {
      closeOutput()
      close(input)
    }

    func closeOutput() {
      if output >= 0 { close(output) }
      output = -1
    }

    func readAll() {
      var room = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(output, &room, room.count)
        guard count > 0 else { return }
        received += room[0..<count]
      }
    }
  }

  private func append(_ text: String, to file: OutputFile) { [UInt8](text.utf8).withUnsafeBytes { file.append($0) } }

  @Test func linesArriveInTheirOrder() throws {
    let pipe = try Pipe()
    let file = OutputFile(test.loop, descriptor: pipe.input)
    var expected = ""
    for number in 0..<100 {
      append("line \(number)\n", to: file)
      expected += "line \(number)\n"
    }
    try test.run(until: {
      pipe.readAll()
      return pipe.received.count >= expected.utf8.count
    })
    #expect(String(decoding: pipe.received, as: UTF8.self) == expected)
    #expect(file.dropped == 0)
  }

  @Test func drainingWritesTheRestAtOnce() throws {
    let pipe = try Pipe()
    let file = OutputFile(test.loop, descriptor: pipe.input)
    append("a", to: file)
    append("b", to: file)
    var drained = 0
    file.drain { drained += 1 }
    #expect(drained == 0)
    try test.run(until: { drained == 1 })
    pipe.readAll()
    #expect(pipe.received == Array("ab".utf8))
    // Nothing is left: the answer comes at once.
    file.drain { drained += 1 }
    #expect(drained == 2)
  }

  @Test func aSlowReaderDelaysNothingButItsLines() throws {
    let pipe = try Pipe()
    let file = OutputFile(test.loop, descriptor: pipe.input)
    let line = String(repeating: "x", count: 999) + "\n"
    for _ in 0..<500 { append(line, to: file) }
    var drained = false
    file.drain { drained = true }
    // The pipe is full and the writer waits in the pool; the loop does not.
    try test.run(for: 5)
    #expect(!drained)
    try test.run(until: {
      pipe.readAll()
      return drained
    })
    pipe.readAll()
    #expect(pipe.received.count == 500_000)
    #expect(file.dropped == 0)
  }

  @Test func aFullNonBlockingPipeIsTriedAgain() throws {
    let pipe = try Pipe()
    try #require(fcntl(pipe.input, F_SETFL, O_NONBLOCK) == 0)
    let file = OutputFile(test.loop, descriptor: pipe.input)
    append(String(repeating: "y", count: 300_000), to: file)
    var drained = false
    file.drain { drained = true }
    try test.run(for: 5)
    #expect(!drained)
    try test.run(until: {
      pipe.readAll()
      return drained
    })
    pipe.readAll()
    #expect(pipe.received.count == 300_000)
    #expect(file.dropped == 0)
  }

  @Test func whatDoesNotFitIsDroppedAndCounted() throws {
    let pipe = try Pipe()
    let file = OutputFile(test.loop, descriptor: pipe.input)
    let piece = String(repeating: "z", count: 1 << 20)
    // One piece is with the kernel, eight wait, the rest has no place.
    for _ in 0..<12 { append(piece, to: file) }
    #expect(file.dropped == 3)
    var drained = false
    file.drain { drained = true }
    try test.run(until: {
      pipe.readAll()
      return drained
    })
    pipe.readAll()
    #expect(pipe.received.count == 9 << 20)
  }

  @Test func aReaderThatIsGoneEndsNothing() throws {
    let pipe = try Pipe()
    pipe.closeOutput()
    let file = OutputFile(test.loop, descriptor: pipe.input)
    append("nobody reads this", to: file)
    var drained = false
    file.drain { drained = true }
    try test.run(until: { drained })
    #expect(file.dropped == 1)
  }

  /// Under the lock all of a batch is written, also to a pipe that is non-blocking and far too small for it.
  @Test func aBatchIsWrittenWholeUnderTheLock() throws {
    let pipe = try Pipe()
    let lock = try WriteLock()
    let file = OutputFile(test.loop, descriptor: pipe.input, lock: lock)
    let line = String(repeating: "a", count: 999) + "\n"
    for _ in 0..<500 { append(line, to: file) }
    var isDrained = false
    file.drain { isDrained = true }
    try test.run(until: {
      pipe.readAll()
      return isDrained
    })
    pipe.readAll()
    #expect(pipe.received.count == 500_000)
    #expect(file.dropped == 0)
  }
}
