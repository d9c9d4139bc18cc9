import Stages
import Testing

struct TokenFailureBudgetTests {
  @Test func endsForAMinute() {
    let budget = TokenFailureBudget(limit: 2)
    let client = Array("192.0.2.1".utf8)
    let now: Int64 = 1_700_000_010  // 30 s into its minute
    budget.spend(client, now: now)
    #expect(budget.wait(for: client, now: now) == nil)
    budget.spend(client, now: now)
    #expect(budget.wait(for: client, now: now) == 30)
    #expect(budget.wait(for: client, now: now + 30) == nil)
  }
}
