import Testing

@testable import Identity

struct FetchBudgetTests {
  /// Takes at each moment; what is not given stays.
  private static let takings: [(UInt64, [UInt64], [Bool])] = [
    (3, [0, 0, 0, 0, 9, 10, 10, 19, 20], [true, true, true, false, false, true, false, false, true]),
    (3, [100, 101, 102, 103, 110, 111], [true, true, true, false, true, false]),
    (3, [0, 0, 0, 25, 25, 25, 30], [true, true, true, true, true, false, true]),
    (3, [0, 0, 0, 1_000, 1_000, 1_000, 1_000], [true, true, true, true, true, true, false]),
    (1, [5, 5, 14, 15, 15], [true, false, false, true, false]), (0, [5, 5, 15], [true, false, true]),
  ]

  @Test(arguments: takings)
  func afewAtOnceThenOneEachInterval(_ burst: UInt64, _ moments: [UInt64], _ given: [Bool]) {
    var budget = FetchBudget(burst: burst, interval: 10)
    var taken: [Bool] = []
    for moment in moments { taken.append(budget.take(now: moment)) }
    #expect(taken == given)
  }

  @Test func saysWhenThereIsOneMore() {
    var budget = FetchBudget(burst: 2, interval: 10)
    #expect(budget.next == 0)
    _ = budget.take(now: 100)
    #expect(budget.next <= 100)
    _ = budget.take(now: 100)
    #expect(budget.next == 110)
    let (early, later) = (budget.take(now: 109), budget.take(now: 110))
    #expect(!early && later)
    #expect(budget.next == 120)
  }
}
