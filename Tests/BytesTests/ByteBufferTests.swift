import Testing

@testable import Bytes

struct ByteBufferTests {
  private func bytes(_ count: Int, from start: Int = 0) -> [UInt8] {
    var bytes = [UInt8](Self.cycles[(start % 256)...].prefix(count))
    while bytes.count < count { bytes += Self.cycles.prefix(count - bytes.count) }
    return bytes
  }

  private static let cycles = (0..<256 * 300).map { UInt8($0 % 256) }

  private func holds(_ view: ByteView, _ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { view.equals($0) } }

  @Test func firstInFirstOut() {
    let buffer = ByteBuffer()
    #expect(buffer.isEmpty)
    #expect(buffer.view.count == 0)
    buffer.append("ab")
    buffer.append(0x63)
    buffer.append([0x64, 0x65])
    buffer.append(text: "fü")
    #expect(buffer.view.text == "abcdefü")
    buffer.consume(3)
    #expect(buffer.view.text == "defü")
    #expect(buffer.count == 5)
    buffer.append("!")
    #expect(buffer.view.text == "defü!")
  }

  /// Any mixture of appending and consuming keeps the bytes and their order.
  @Test(arguments: [1, 7, 100, 255, 256, 257, 5_000, 16_384, 70_000])
  func survivesGrowth(_ piece: Int) {
    for pool in [nil, BufferPool(limit: 2)] {
      let buffer = ByteBuffer(pool: pool)
      var written = 0
      var read = 0
      for step in 0..<60 {
        buffer.append(bytes(piece, from: written))
        written += piece
        let taken = min(buffer.count, step % 3 == 0 ? piece * 2 : piece / 2)
        #expect(holds(buffer.view.slice(0, taken), bytes(taken, from: read)))
        buffer.consume(taken)
        read += taken
      }
      #expect(buffer.count == written - read)
      #expect(holds(buffer.view, bytes(written - read, from: read)))
    }
  }

  @Test func givesItsMemoryBackWhenEmpty() {
    let buffer = ByteBuffer()
    buffer.append(bytes(1_000))
    buffer.consume(1_000)
    #expect(buffer.capacity == 0)
    #expect(buffer.isEmpty)
    buffer.append(bytes(10))
    buffer.clear()
    #expect(buffer.capacity == 0)
    buffer.append("x")
    #expect(buffer.view.text == "x")
  }

  @Test func movesWhatIsLeftInsteadOfGrowing() {
    let buffer = ByteBuffer()
    buffer.append(bytes(256))
    let capacity = buffer.capacity
    buffer.consume(200)
    buffer.append(bytes(200))
    #expect(buffer.capacity == capacity)
    #expect(holds(buffer.view, bytes(56, from: 200) + bytes(200)))
  }

  @Test func roomIsUsedOnlyWhenCommitted() {
    let buffer = ByteBuffer()
    buffer.reserve(4).storeBytes(of: 0x6463_6261, as: UInt32.self)
    #expect(buffer.isEmpty)
    buffer.commit(3)
    #expect(buffer.view.text == "abc")
  }

  @Test func emptyPiecesChangeNothing() {
    let buffer = ByteBuffer()
    buffer.append(ByteView(start: nil, count: 0))
    buffer.append("")
    buffer.append(text: "")
    buffer.append([])
    #expect(buffer.isEmpty)
  }

  @Test(arguments: [
    (0, "0"), (7, "7"), (10, "10"), (1_234_567_890, "1234567890"), (Int.max, "9223372036854775807"), (-5, "0"),
  ])
  func decimal(_ number: Int, _ text: String) {
    let buffer = ByteBuffer()
    buffer.append(decimal: number)
    #expect(buffer.view.text == text)
  }

  @Test(arguments: [
    (UInt64(0), 1, "0"), (15, 1, "f"), (16, 1, "10"), (255, 1, "ff"), (255, 4, "00ff"), (0, 2, "00"), (0xABC, 2, "abc"),
    (UInt64.max, 1, "ffffffffffffffff"), (1 << 60, 1, "1000000000000000"),
  ])
  func hexadecimal(_ number: UInt64, _ width: Int, _ text: String) {
    let buffer = ByteBuffer()
    buffer.append(hex: number, width: width)
    #expect(buffer.view.text == text)
  }

  @Test func contentsAreExchangedWithoutACopy() {
    let one = ByteBuffer()
    let other = ByteBuffer(pool: BufferPool())
    one.append("one")
    other.append("other")
    let place = one.view.baseAddress
    one.swapContents(with: other)
    #expect(one.view.text == "other")
    #expect(other.view.text == "one")
    #expect(other.view.baseAddress == place)
  }
}
