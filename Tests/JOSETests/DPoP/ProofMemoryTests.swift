import Testing

@testable import JOSE

struct ProofMemoryTests {
  private let memory = ProofMemory(window: 60)

  private func isNew(_ name: String, at time: Int64) -> Bool {
    memory.remember(fingerprint: Array(name.utf8), now: time)
  }

  @Test func recognisesWhatComesAgain() {
    #expect(isNew("a", at: 1_000))
    #expect(!isNew("a", at: 1_000))
    #expect(!isNew("a", at: 1_059))
    #expect(isNew("b", at: 1_059))
  }

  /// For a whole window, wherever in a generation it came.
  @Test(arguments: [1_000, 1_030, 1_059] as [Int64])
  func remembersForTheWindow(_ time: Int64) {
    #expect(isNew("first", at: 1_000))
    #expect(isNew("a", at: time))
    for later in stride(from: time, through: time + 59, by: 1) { #expect(!isNew("a", at: later)) }
  }

  @Test func forgetsInTheEnd() {
    #expect(isNew("a", at: 1_000))
    #expect(isNew("a", at: 1_120))
  }

  @Test func isBounded() {
    for index in 0...ProofMemory.mostProofs { #expect(isNew("\(index)", at: 1_000)) }
    #expect(!isNew("\(ProofMemory.mostProofs)", at: 1_000))
    #expect(!isNew("\(ProofMemory.mostProofs - 1)", at: 1_000))
  }
}
