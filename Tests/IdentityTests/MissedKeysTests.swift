import Testing

@testable import Identity

struct MissedKeysTests {
  private var missed = MissedKeys(lifetime: 10)

  @Test mutating func rememberedForAWhile() {
    #expect(!missed.contains("a", now: 0))
    missed.insert("a", now: 0)
    missed.insert("", now: 5)
    #expect(missed.contains("a", now: 9))
    #expect(!missed.contains("a", now: 10))
    #expect(missed.contains("", now: 14))
    #expect(!missed.contains("b", now: 5))
    missed.insert("a", now: 20)
    #expect(missed.contains("a", now: 29))
    missed.removeAll()
    #expect(!missed.contains("a", now: 21))
  }

  /// Equal to a reader, but other bytes.
  @Test mutating func comparedByteByByte() {
    missed.insert("e\u{301}", now: 0)
    #expect(!missed.contains("\u{E9}", now: 0))
  }

  /// The oldest ones are forgotten first, and each is remembered once.
  @Test mutating func bounded() {
    for number in 0..<MissedKeys.capacity {
      missed.insert("\(number)", now: 0)
      missed.insert("\(number)", now: 0)
    }
    #expect((0..<MissedKeys.capacity).allSatisfy { missed.contains("\($0)", now: 1) })
    missed.insert("more", now: 1)
    missed.insert("and more", now: 1)
    let kept = (0..<MissedKeys.capacity).map { missed.contains("\($0)", now: 1) }
    #expect(kept == [false, false] + Array(repeating: true, count: MissedKeys.capacity - 2))
    #expect(missed.contains("more", now: 1))
  }
}
