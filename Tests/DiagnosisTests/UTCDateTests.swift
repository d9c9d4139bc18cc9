import Testing

@testable import Diagnosis

struct UTCDateTests {
  @Test(arguments: [
    (0, "1970-01-01 00:00:00 UTC"), (1_700_000_000, "2023-11-14 22:13:20 UTC"), (-1, "1969-12-31 23:59:59 UTC"),
    (253_402_300_799, "9999-12-31 23:59:59 UTC"),
  ])
  func datesAreReadable(_ seconds: Int64, _ text: String) { #expect(UTCDate.text(seconds) == text) }

  @Test(arguments: [Int64.max, .min, 1_700_000_000_000, 253_402_300_800])
  func otherNumbersAreNoDates(_ seconds: Int64) { #expect(UTCDate.text(seconds) == nil) }

  @Test(arguments: [
    (100, 100, "in 0 s"), (90, 100, "10 s ago"), (700, 100, "in 600 s"), (801, 100, "in 11 min"),
    (7_300, 0, "in 2 h 1 min"), (0, 200_000, "2 d 7 h ago"), (86_400, 0, "in 1 d"), (86_460, 0, "in 1 d 1 min"),
    (Int64.max, -1, "out of reach"), (Int64.min, 0, "out of reach"),
  ])
  func distancesAreShort(_ seconds: Int64, _ now: Int64, _ text: String) {
    #expect(UTCDate.distance(seconds, from: now) == text)
  }
}
