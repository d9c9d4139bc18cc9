import Testing

@testable import Wire

struct StreamOrderTests {
  private func order(_ ids: [Int32]) -> StreamOrder {
    var order = StreamOrder()
    for id in ids { order.open(id) }
    return order
  }

  @Test(
    arguments: [
      ([], 1, false), ([1], 1, false), ([1], 3, false),
      // Opened once: a frame for it may be late.
      ([1, 3, 5], 3, false), ([1, 5], 1, false),
      // Passed over.
      ([5], 1, true), ([5], 3, true), ([1, 5], 3, true), ([1, 3, 9], 5, true), ([1, 3, 9], 7, true),
      ([3, 7], 1, true), ([3, 7], 5, true), ([3, 7], 3, false),
      // Trying again does not make it better, nor does it move the order.
      ([1, 5, 3], 3, true), ([1, 5, 3], 7, false),
      ([Int32.max], 1, true), ([Int32.max], Int32.max, false), ([Int32.max - 2, Int32.max], Int32.max - 2, false),
    ] as [([Int32], Int32, Bool)])
  func idsPassedOverAreBackwards(_ opened: [Int32], _ id: Int32, _ expected: Bool) {
    #expect(order(opened).goesBackwards(id) == expected)
  }

  @Test func theHighestStays() {
    #expect(order([]).highest == 0)
    #expect(order([1, 9, 3]).highest == 9)
    #expect(order([0, -1]).highest == 0)
  }

  @Test func onlyTheLatestGapsAreRemembered() {
    let ids = (0..<20).map { Int32($0 * 4 + 1) }
    let order = order(ids)
    // 19 gaps, of which 16 are kept.
    #expect(!order.goesBackwards(3))
    #expect(!order.goesBackwards(11))
    #expect(order.goesBackwards(15))
    #expect(order.goesBackwards(75))
  }
}
