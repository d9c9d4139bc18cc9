import Net
import Testing

struct ClientBudgetTests {
  private let now: Int64 = 1_700_000_010  // 30 s into its minute

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func spend(_ budget: ClientBudget, _ client: String, _ times: Int, at time: Int64? = nil) {
    for _ in 0..<times { budget.spend(bytes(client), now: time ?? now) }
  }

  @Test func endsForAMinute() {
    let budget = ClientBudget(limit: 3)
    spend(budget, "192.0.2.1", 2)
    #expect(budget.wait(for: bytes("192.0.2.1"), now: now) == nil)
    spend(budget, "192.0.2.1", 1)
    #expect(budget.wait(for: bytes("192.0.2.1"), now: now) == 30)
    #expect(budget.wait(for: bytes("192.0.2.1"), now: now + 29) == 1)
    #expect(budget.wait(for: bytes("192.0.2.1"), now: now + 30) == nil)
    #expect(budget.wait(for: bytes("192.0.2.2"), now: now) == nil)
    spend(budget, "192.0.2.1", 1, at: now + 30)
    #expect(budget.wait(for: bytes("192.0.2.1"), now: now + 30) == nil)
  }

  /// Whoever has an IPv6 address has 2^64 of them.
  @Test(arguments: [
    ("2001:db8::1", "2001:db8::2", true), ("2001:db8::1", "2001:db8:0:0:ffff::1", true),
    ("2001:db8::1", "2001:db8:0:1::1", false), ("::ffff:192.0.2.1", "192.0.2.1", true),
    ("192.0.2.1", "192.0.2.2", false), ("unix", "unix", true),
  ])
  func addressesOfOneSubscriberShare(_ one: String, _ other: String, _ share: Bool) {
    let budget = ClientBudget(limit: 1)
    spend(budget, one, 1)
    #expect((budget.wait(for: bytes(other), now: now) != nil) == share)
  }

  @Test func zeroIsOff() {
    let budget = ClientBudget(limit: 0)
    spend(budget, "192.0.2.1", 1_000)
    #expect(budget.wait(for: bytes("192.0.2.1"), now: now) == nil)
  }

  /// The table has a size: many clients push out some, but never one that has just come.
  @Test func manyClientsFit() {
    let budget = ClientBudget(limit: 1)
    for index in 0..<100_000 {
      let client = "10.\(index >> 16).\(index >> 8 & 255).\(index & 255)"
      spend(budget, client, 1)
      #expect(budget.wait(for: bytes(client), now: now) != nil)
    }
  }
}
