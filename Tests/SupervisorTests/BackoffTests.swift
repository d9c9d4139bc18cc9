import Testing

@testable import Supervisor

struct BackoffTests {
  @Test(
    arguments: [
      ([0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]),
      ([59_999, 59_999, 60_000, 0], [0, 1_000, 0, 1_000]),
      ([1 << 40, 1 << 40], [0, 0]),
    ] as [([UInt64], [UInt64])])
  func waitsLongerEachTime(runs: [UInt64], delays: [UInt64]) {
    var backoff = Backoff()
    #expect(runs.map { backoff.delay(ran: $0) } == delays)
  }
}
