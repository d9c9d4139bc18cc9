import Identity
import JOSE
import JSON
import Testing

struct KeyStoreStateTests {
  private var state = KeyStoreState()
  private let keys: KeySet
  private let otherKeys: KeySet

  init() throws {
    keys = try KeySet(jwks: ["keys": .array([try SigningKey.generate(.es256, kid: "one").publicJWK])])
    otherKeys = try KeySet(jwks: ["keys": .array([try SigningKey.generate(.es256, kid: "two").publicJWK])])
  }

  private enum Step {
    /// Asks and, when it has to wait, puts the question under its name aside.
    case ask(String, newerThan: Int?, kid: String?, at: UInt64, String)
    case doubt(String, newerThan: Int?, at: UInt64, String)
    /// Asks a question that was put aside once more.
    case again(String, at: UInt64, String)
    case refresh(at: UInt64, Bool)
    case succeeded(at: UInt64, UInt64)
    case renewed(at: UInt64, UInt64)
    case failed(at: UInt64, UInt64)
    case adopted(age: UInt64, at: UInt64, Bool)
  }

  /// The answer in a word.
  private func word(_ answer: KeyStoreState.Answer) -> String {
    switch answer {
    case .use(_, let generation): "use \(generation)"
    case .wait(.fetch): "fetch"
    case .wait(.underWay): "wait"
    case .wait(.until(let moment)): "until \(moment)"
    case .noneBetter: "none better"
    case .unavailable(let seconds): "unavailable \(seconds)"
    }
  }

  /// Runs events at their times and compares each action. Chance is always in the middle: a refresh comes after nine
  /// tenths of its time.
  private mutating func run(
    _ steps: [Step], waiting: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var asked: [String: KeyStoreState.Question] = [:]
    for (index, step) in steps.enumerated() {
      func expect(_ found: String, _ expected: String) {
        #expect(found == expected, "step \(index)", sourceLocation: sourceLocation)
      }
      switch step {
      case .ask(let name, let seen, let kid, let now, let expected):
        let question = state.question(newerThan: seen, because: .unknownKey(kid: kid))
        asked[name] = question
        expect(word(state.ask(question, waiting: waiting, now: now)), expected)
      case .doubt(let name, let seen, let now, let expected):
        let question = state.question(newerThan: seen, because: .badSignature)
        asked[name] = question
        expect(word(state.ask(question, waiting: waiting, now: now)), expected)
      case .again(let name, let now, let expected):
        expect(word(state.ask(try #require(asked[name]), waiting: waiting, now: now)), expected)
      case .refresh(let now, let expected): expect("\(state.refresh(now: now))", "\(expected)")
      case .succeeded(let now, let expected):
        let next = state.generation.isMultiple(of: 2) ? keys : otherKeys
        expect("\(state.succeeded(next, .unspecified, now: now, chance: 0.5))", "\(expected)")
      case .renewed(let now, let expected):
        expect("\(state.succeeded(nil, .unspecified, now: now, chance: 0.5))", "\(expected)")
      case .failed(let now, let expected): expect("\(state.failed(now: now, chance: 0.5))", "\(expected)")
      case .adopted(let age, let now, let expected):
        expect("\(state.adopt(keys, age: age, now: now))", "\(expected)")
      }
    }
  }

  // MARK: The first keys

  @Test mutating func fetchedWhenFirstNeededAndOnceForAll() throws {
    #expect(state.keys == nil)
    #expect(state.age(now: 5) == nil)
    try run([
      .ask("a", newerThan: nil, kid: "one", at: 5, "fetch"), .ask("b", newerThan: nil, kid: "one", at: 5, "wait"),
      .ask("c", newerThan: nil, kid: nil, at: 60_000, "wait"), .succeeded(at: 60_000, 270_000),
      .again("a", at: 60_000, "use 1"), .again("b", at: 60_000, "use 1"), .again("c", at: 60_000, "use 1"),
      .ask("d", newerThan: nil, kid: "one", at: 60_001, "use 1"),
      .ask("e", newerThan: 0, kid: nil, at: 60_001, "use 1"),
    ])
    #expect(state.generation == 1)
    #expect(!state.isFetching)
    #expect(!state.isStale)
    #expect(state.age(now: 61_000) == 1_000)
  }

  /// 1, 2, 4 … 30 seconds, without anybody asking; a request need not wait longer than ten.
  @Test mutating func withoutAnyKeyItIsTriedAgainAndAgain() throws {
    try run([
      .refresh(at: 0, true), .refresh(at: 0, false), .failed(at: 0, 1_000), .refresh(at: 1_000, true),
      .failed(at: 1_000, 2_000), .refresh(at: 3_000, true), .failed(at: 3_000, 4_000), .refresh(at: 7_000, true),
      .failed(at: 7_000, 8_000), .refresh(at: 15_000, true), .failed(at: 15_000, 16_000), .refresh(at: 31_000, true),
      .failed(at: 31_000, 30_000), .refresh(at: 61_000, true), .failed(at: 61_000, 30_000),
      .ask("a", newerThan: nil, kid: nil, at: 61_000, "unavailable 10"),
      .ask("b", newerThan: nil, kid: nil, at: 70_999, "unavailable 1"),
      .ask("c", newerThan: nil, kid: nil, at: 71_000, "fetch"), .failed(at: 71_000, 30_000),
    ])
    #expect(!state.isStale)
  }

  @Test mutating func withoutAnyKeyTheClientIsToldWhenToAskAgain() throws {
    try run([
      .ask("a", newerThan: nil, kid: "one", at: 1_000, "fetch"),
      .ask("b", newerThan: nil, kid: "one", at: 1_000, "wait"),
      .failed(at: 1_200, 1_000), .again("a", at: 1_200, "unavailable 1"), .again("b", at: 1_200, "unavailable 1"),
      .ask("c", newerThan: nil, kid: "one", at: 2_199, "unavailable 1"),
      .ask("d", newerThan: nil, kid: "one", at: 2_200, "fetch"), .failed(at: 2_200, 2_000),
      .again("d", at: 2_200, "unavailable 2"),
    ])
  }

  /// Who joins a fetch that fails waits for its own.
  @Test mutating func withoutAnyKeyOneFailureIsForWhoeverAskedBefore() throws {
    try run([
      .refresh(at: 0, true), .ask("late", newerThan: nil, kid: nil, at: 1, "wait"), .failed(at: 2, 1_000),
      .again("late", at: 2, "unavailable 1"),
    ])
  }

  // MARK: Keys that do not fit

  /// The refresh was a moment ago, and the key is newer than that: its first token is good.
  @Test mutating func aNewKeyIsAcceptedWithItsFirstToken() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 1, 270_000), .ask("a", newerThan: 1, kid: "two", at: 2, "fetch"),
      .succeeded(at: 3, 270_000), .again("a", at: 3, "use 2"),
    ])
  }

  /// A fetch that was under way already may have missed the key: its word refuses nobody.
  @Test mutating func aFetchUnderWayIsNotTheLastWord() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 1, 270_000), .refresh(at: 271_000, true),
      .ask("a", newerThan: 1, kid: "two", at: 271_001, "wait"), .renewed(at: 271_002, 270_000),
      .again("a", at: 271_002, "fetch"), .succeeded(at: 271_003, 270_000), .again("a", at: 271_003, "use 2"),
    ])
  }

  @Test mutating func whatWasLookedForAndIsNotThere() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 1, 270_000), .ask("a", newerThan: 1, kid: "x", at: 2, "fetch"),
      .ask("b", newerThan: 1, kid: "x", at: 3, "wait"), .renewed(at: 4, 270_000), .again("a", at: 4, "none better"),
      // Known to be missing now, for a while.
      .again("b", at: 4, "none better"), .ask("c", newerThan: 1, kid: "x", at: 5, "none better"),
      .ask("d", newerThan: 1, kid: "x", at: 10_003, "none better"),
      .ask("e", newerThan: 1, kid: "x", at: 10_004, "fetch"),
      // Other keys: whatever was missing may be there.
      .succeeded(at: 10_005, 270_000), .again("e", at: 10_005, "use 2"),
      .ask("f", newerThan: 2, kid: "x", at: 10_005, "none better"),
    ])
    #expect(state.generation == 2)
  }

  /// The first fetch began after the question and has the word on its id, too.
  @Test mutating func theFirstFetchIsEnoughToKnowThatAKeyIsMissing() throws {
    try run([
      .ask("a", newerThan: nil, kid: "x", at: 0, "fetch"), .succeeded(at: 1, 270_000), .again("a", at: 1, "use 1"),
      .ask("b", newerThan: 1, kid: "x", at: 1, "none better"), .ask("c", newerThan: 1, kid: "y", at: 1, "fetch"),
    ])
  }

  @Test mutating func otherKeysMakeWhatWasMissingForgotten() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 1, 270_000), .ask("a", newerThan: 1, kid: "x", at: 2, "fetch"),
      .renewed(at: 3, 270_000), .again("a", at: 3, "none better"), .refresh(at: 4, true), .succeeded(at: 5, 270_000),
      .ask("b", newerThan: 2, kid: "x", at: 6, "fetch"),
    ])
  }

  /// Three at once, then one each ten seconds, whatever the flood; and nobody is refused unheard.
  @Test mutating func aFloodOfRandomKeys() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 0, 270_000), .ask("a", newerThan: 1, kid: "a", at: 1_000, "fetch"),
      .renewed(at: 1_001, 270_000), .again("a", at: 1_001, "none better"),
      .ask("b", newerThan: 1, kid: "b", at: 1_001, "fetch"), .renewed(at: 1_002, 270_000),
      .ask("c", newerThan: 1, kid: "c", at: 1_002, "fetch"), .renewed(at: 1_003, 270_000),
      .ask("d", newerThan: 1, kid: "d", at: 1_003, "until 11000"),
      .ask("e", newerThan: 1, kid: "e", at: 10_999, "until 11000"), .again("d", at: 11_000, "fetch"),
      .again("e", at: 11_000, "wait"), .renewed(at: 11_001, 270_000), .again("d", at: 11_001, "none better"),
      .again("e", at: 11_001, "none better"), .ask("f", newerThan: 1, kid: "f", at: 11_001, "until 21000"),
      // A refresh by the clock answers those who wait, and takes nothing from them.
      .refresh(at: 12_000, true), .renewed(at: 12_001, 270_000), .again("f", at: 12_001, "none better"),
      .ask("g", newerThan: 1, kid: "g", at: 12_001, "until 21000"),
      // Whoever is content with the keys at hand does not wait for others' doubts.
      .ask("h", newerThan: nil, kid: nil, at: 12_002, "use 1"),
      // After half a minute of peace all three are there again.
      .ask("i", newerThan: 1, kid: "i", at: 60_000, "fetch"), .renewed(at: 60_000, 270_000),
      .ask("j", newerThan: 1, kid: "j", at: 60_000, "fetch"), .renewed(at: 60_000, 270_000),
      .ask("k", newerThan: 1, kid: "k", at: 60_000, "fetch"), .renewed(at: 60_000, 270_000),
      .ask("l", newerThan: 1, kid: "l", at: 60_000, "until 70000"),
    ])
  }

  /// Bad signatures have a budget of their own: forgers do not stand in the way of new keys, nor the other way round.
  @Test mutating func aFloodOfBadSignatures() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 0, 270_000), .doubt("a", newerThan: 1, at: 1, "fetch"),
      .renewed(at: 1, 270_000), .again("a", at: 1, "none better"), .doubt("b", newerThan: 1, at: 1, "fetch"),
      .renewed(at: 1, 270_000), .doubt("c", newerThan: 1, at: 1, "fetch"), .renewed(at: 1, 270_000),
      .doubt("d", newerThan: 1, at: 1, "until 10001"), .ask("e", newerThan: 1, kid: "two", at: 2, "fetch"),
      .succeeded(at: 3, 270_000), .again("e", at: 3, "use 2"), .again("d", at: 3, "use 2"),
    ])
  }

  @Test mutating func noMoreThanSoManyWait() throws {
    try run(
      [
        .refresh(at: 0, true), .succeeded(at: 0, 270_000), .ask("a", newerThan: 1, kid: "a", at: 0, "fetch"),
        .ask("b", newerThan: 1, kid: "b", at: 1, "unavailable 1"), .doubt("c", newerThan: 1, at: 1, "none better"),
        .renewed(at: 2, 270_000), .ask("d", newerThan: 1, kid: "d", at: 2, "fetch"), .renewed(at: 2, 270_000),
        .ask("e", newerThan: 1, kid: "e", at: 2, "fetch"), .renewed(at: 2, 270_000),
        .ask("f", newerThan: 1, kid: "f", at: 2, "unavailable 10"),
      ], waiting: KeyStoreState.mostDoubters)
    state = KeyStoreState()
    try run(
      [.refresh(at: 0, true), .ask("a", newerThan: nil, kid: nil, at: 1, "unavailable 1")],
      waiting: KeyStoreState.mostWaiters)
  }

  // MARK: Refresh

  private static let refreshes: [(Freshness, Double, UInt64)] = [
    (.unspecified, 0.0, 240_000), (.unspecified, 0.5, 270_000), (.unspecified, 0.999_999, 299_999),
    (.seconds(86_400), 0.5, 270_000), (.seconds(200), 0.5, 180_000), (.seconds(61), 0.0, 48_800),
    (.seconds(59), 0.5, 54_000), (.seconds(0), 0.5, 54_000), (.none, 0.0, 48_000), (.none, 0.5, 54_000),
  ]

  /// The time between two fetches never is longer than configured, and never shorter than a minute but for chance.
  @Test(arguments: refreshes)
  mutating func refreshComesBeforeTheKeysAreTooOld(_ freshness: Freshness, _ chance: Double, _ expected: UInt64) {
    _ = state.refresh(now: 0)
    let next = state.succeeded(keys, freshness, now: 0, chance: chance)
    #expect(next == expected)
  }

  @Test func theConfiguredTimeBoundsAll() {
    var state = KeyStoreState(refresh: 86_400_000)
    _ = state.refresh(now: 0)
    let first = state.succeeded(keys, .unspecified, now: 0, chance: 0.5)
    #expect(first == 77_760_000)
    let second = state.succeeded(nil, .seconds(3_600), now: 0, chance: 0.5)
    #expect(second == 3_240_000)
  }

  @Test(arguments: [(0.0, UInt64(900)), (0.5, 1_000), (0.999_999, 1_099)])
  mutating func retriesOfManyGatewaysSpread(_ chance: Double, _ expected: UInt64) {
    _ = state.refresh(now: 0)
    let next = state.failed(now: 0, chance: chance)
    #expect(next == expected)
  }

  /// Verdicts made with the same keys stay good: nothing that hangs on the generation is thrown away.
  @Test mutating func theSameKeysAreNoNews() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 1, 270_000), .refresh(at: 270_000, true), .renewed(at: 270_100, 270_000),
    ])
    #expect(state.generation == 1)
    #expect(state.age(now: 270_100) == 0)
  }

  // MARK: The provider is down

  @Test mutating func keysStayInUseHoweverLongTheProviderIsDown() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 0, 270_000), .refresh(at: 270_000, true),
      .ask("a", newerThan: nil, kid: nil, at: 270_001, "use 1"), .failed(at: 270_002, 30_000),
      .ask("b", newerThan: nil, kid: nil, at: 280_000, "use 1"), .refresh(at: 300_002, true),
      .failed(at: 300_003, 30_000), .ask("c", newerThan: nil, kid: nil, at: 10_000_000_000, "use 1"),
    ])
    #expect(state.isStale)
    #expect(state.age(now: 10_000_000_000) == 10_000_000_000)
    try run([.refresh(at: 10_000_000_000, true), .renewed(at: 10_000_000_001, 270_000)])
    #expect(!state.isStale)
    #expect(state.generation == 1)
  }

  /// An unknown key cannot be looked up, so nobody says that it does not exist; a bad signature stays bad.
  @Test mutating func whatCannotBeFoundOut() throws {
    try run([
      .refresh(at: 0, true), .succeeded(at: 0, 270_000), .ask("a", newerThan: 1, kid: "x", at: 1, "fetch"),
      .doubt("b", newerThan: 1, at: 2, "wait"), .failed(at: 3, 30_000), .again("a", at: 3, "unavailable 1"),
      .again("b", at: 3, "fetch"), .failed(at: 4, 30_000), .again("b", at: 4, "none better"),
      .ask("c", newerThan: 1, kid: "x", at: 5, "fetch"), .failed(at: 6, 30_000),
      .ask("d", newerThan: 1, kid: "x", at: 7, "fetch"), .failed(at: 8, 30_000),
      // No fetch is left, and nobody waits for one that will probably fail.
      .ask("e", newerThan: 1, kid: "x", at: 9, "unavailable 10"),
      .ask("f", newerThan: 1, kid: "x", at: 10_001, "fetch"), .succeeded(at: 10_002, 270_000),
      .again("f", at: 10_002, "use 2"),
    ])
  }

  // MARK: Keys of an earlier run

  @Test mutating func keptKeysServeUntilOthersCome() throws {
    try run([
      .refresh(at: 5_000, true), .ask("a", newerThan: nil, kid: "one", at: 5_000, "wait"),
      .adopted(age: 3_600_000, at: 5_001, true), .again("a", at: 5_001, "use 1"),
      .ask("b", newerThan: 1, kid: "two", at: 5_002, "wait"),
    ])
    #expect(state.age(now: 5_001) == 3_600_000)
    #expect(!state.isStale)
    try run([
      .failed(at: 5_003, 30_000), .ask("c", newerThan: nil, kid: "one", at: 5_004, "use 1"), .refresh(at: 35_003, true),
      .succeeded(at: 35_004, 270_000),
    ])
    #expect(state.generation == 2)
    #expect(state.age(now: 35_004) == 0)
  }

  @Test mutating func keptKeysComeTooLate() throws {
    try run([.refresh(at: 0, true), .succeeded(at: 1, 270_000), .adopted(age: 1, at: 2, false)])
    #expect(state.generation == 1)
  }

  @Test mutating func keptKeysAfterAFailure() throws {
    try run([
      .refresh(at: 0, true), .failed(at: 1, 1_000), .adopted(age: .max, at: 2, true), .refresh(at: 1_001, true),
      .failed(at: 1_002, 30_000),
    ])
    #expect(state.isStale)
  }
}
