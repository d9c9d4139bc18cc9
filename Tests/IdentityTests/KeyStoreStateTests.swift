import Identity
import JOSE
import JSON
import Testing

struct KeyStoreStateTests {
  private var state = KeyStoreState()
  private let keys: KeySet

  init() throws { keys = try KeySet(jwks: ["keys": []]) }

  /// The answer in a word.
  private func word(_ answer: KeyStoreState.Answer) -> String {
    switch answer {
    case .use(_, let generation): "use \(generation)"
    case .wait(let startFetch): startFetch ? "fetch" : "wait"
    case .noneBetter: "none better"
    case .unavailable(let seconds): "unavailable \(seconds)"
    }
  }

  private enum Step {
    case ask(newerThan: Int?, at: UInt64, String)
    case refresh(at: UInt64, Bool)
    case succeeded(UInt64)
    case failed(UInt64?)
  }

  /// Runs events at their times and compares each action.
  private mutating func run(_ steps: [Step], sourceLocation: SourceLocation = #_sourceLocation) {
    for (index, step) in steps.enumerated() {
      switch step {
      case .ask(let seen, let now, let expected):
        let found = word(state.ask(newerThan: seen, now: now))
        #expect(found == expected, "step \(index)", sourceLocation: sourceLocation)
      case .refresh(let now, let expected):
        let found = state.refresh(now: now)
        #expect(found == expected, "step \(index)", sourceLocation: sourceLocation)
      case .succeeded(let expected):
        let found = state.succeeded(keys)
        #expect(found == expected, "step \(index)", sourceLocation: sourceLocation)
      case .failed(let expected):
        let found = state.failed()
        #expect(found == expected, "step \(index)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test mutating func fetchedWhenFirstNeededAndOnceForAll() {
    #expect(state.keys == nil)
    run([
      .ask(newerThan: nil, at: 5, "fetch"), .ask(newerThan: nil, at: 5, "wait"),
      .ask(newerThan: nil, at: 60_000, "wait"),
      .succeeded(300_000), .ask(newerThan: nil, at: 60_001, "use 1"), .ask(newerThan: 0, at: 60_001, "use 1"),
    ])
    #expect(state.generation == 1)
    #expect(!state.isFetching)
  }

  @Test mutating func anUnknownKeyFetchesAgainAtMostEveryTenSeconds() {
    run([
      .ask(newerThan: nil, at: 0, "fetch"), .succeeded(300_000),
      .ask(newerThan: 1, at: 1, "none better"), .ask(newerThan: 1, at: 9_999, "none better"),
      .ask(newerThan: 1, at: 10_000, "fetch"), .ask(newerThan: 1, at: 10_001, "wait"),
      // Whoever is content with the keys at hand does not wait for others' doubts.
      .ask(newerThan: nil, at: 10_001, "use 1"),
      .succeeded(300_000), .ask(newerThan: 1, at: 10_002, "use 2"), .ask(newerThan: 2, at: 10_002, "none better"),
      .ask(newerThan: 2, at: 19_999, "none better"), .ask(newerThan: 2, at: 20_000, "fetch"),
    ])
  }

  @Test mutating func keysStayInUseHoweverLongTheProviderIsDown() {
    run([
      .ask(newerThan: nil, at: 0, "fetch"), .succeeded(300_000), .refresh(at: 300_000, true),
      .ask(newerThan: nil, at: 300_001, "use 1"), .failed(30_000), .ask(newerThan: nil, at: 310_000, "use 1"),
      .refresh(at: 330_000, true), .failed(30_000), .ask(newerThan: nil, at: 10_000_000_000, "use 1"),
    ])
    #expect(state.keys != nil)
  }

  @Test mutating func withoutAnyKeyTheClientIsToldWhenToAskAgain() {
    run([
      .ask(newerThan: nil, at: 1_000, "fetch"), .failed(nil),
      .ask(newerThan: nil, at: 1_000, "unavailable 10"), .ask(newerThan: nil, at: 1_001, "unavailable 10"),
      .ask(newerThan: nil, at: 2_000, "unavailable 9"), .ask(newerThan: nil, at: 10_999, "unavailable 1"),
      .ask(newerThan: nil, at: 11_000, "fetch"), .failed(nil), .ask(newerThan: nil, at: 11_000, "unavailable 10"),
    ])
  }

  @Test mutating func aRefreshCountsAsAnAttempt() {
    run([
      .ask(newerThan: nil, at: 0, "fetch"), .refresh(at: 1, false), .succeeded(300_000), .refresh(at: 300_000, true),
      .refresh(at: 300_000, false), .ask(newerThan: 1, at: 300_001, "wait"), .failed(30_000),
      .ask(newerThan: 1, at: 300_002, "none better"), .ask(newerThan: 1, at: 310_000, "fetch"),
    ])
  }
}
