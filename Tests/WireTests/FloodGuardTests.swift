import Testing

@testable import Wire

extension FloodGuard {
  /// How many of so many are within the budget.
  fileprivate mutating func allowed(_ cause: Cause, of attempts: Int, now: UInt64) -> Int {
    (0..<attempts).reduce(0) { sum, _ in sum + (allows(cause, now: now) ? 1 : 0) }
  }
}

struct FloodGuardTests {
  @Test(arguments: [
    (FloodGuard.Cause.rapidReset, 200, 20), (.madeYouReset, 100, 5), (.pings, 100, 10), (.settings, 50, 2),
    (.emptyData, 100, 10), (.windowUpdates, 4_000, 200), (.priorities, 1_000, 20), (.unknownFrames, 500, 50),
  ])
  func aBudgetIsSpentAndFillsUpAgain(_ cause: FloodGuard.Cause, burst: Int, perSecond: Int) {
    var flood = FloodGuard()
    #expect(flood.allowed(cause, of: burst + 1, now: 5_000) == burst)
    // The refused one has been counted too.
    #expect(flood.allowed(cause, of: perSecond, now: 6_000) == perSecond - 1)
    // Never more than the burst, however long nothing came.
    #expect(flood.allowed(cause, of: burst + 10, now: 10_000_000) == burst)
  }

  @Test(arguments: [FloodGuard.Cause.continuations, .fieldBomb])
  func whatIsFoundAtOnceHasNoBudget(_ cause: FloodGuard.Cause) {
    var flood = FloodGuard()
    #expect(flood.allowed(cause, of: 1, now: 1) == 0)
  }

  @Test func aSteadyRateWithinTheBudgetNeverEnds() {
    var flood = FloodGuard()
    let allowed = (0..<3_600).reduce(0) { $0 + flood.allowed(.pings, of: 10, now: UInt64($1) * 1_000) }
    #expect(allowed == 36_000)
  }

  @Test func workGivesCreditButNoSavings() {
    var flood = FloodGuard()
    flood.credit(.windowUpdates, 100_000)
    #expect(flood.allowed(.windowUpdates, of: 4_000, now: 0) == 4_000)
    flood.credit(.windowUpdates, 2)
    #expect(flood.allowed(.windowUpdates, of: 3, now: 0) == 2)
  }

  @Test func causesDoNotShareABudget() {
    var flood = FloodGuard()
    #expect(flood.allowed(.pings, of: 1_000, now: 0) == 100)
    #expect(flood.allowed(.settings, of: 1, now: 0) == 1)
  }

  @Test func everyCauseHasALabelOfItsOwn() {
    let names = FloodGuard.Cause.allCases.map(\.name.description)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 == 0x5F || 0x61...0x7A ~= $0 } })
  }
}
