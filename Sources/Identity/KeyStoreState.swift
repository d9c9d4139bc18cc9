package import JOSE

/// The life of a provider's key set, without I/O: when to fetch, when to wait, when to make do.
///
/// One fetch serves everyone who waits. Keys once fetched stay in use until others arrive, however long the provider is
/// down. A refresh comes by the clock; a request that no key fits causes a fetch of its own, from a small budget, and
/// waits for it: whoever asks is only refused on the word of a fetch that began after the question. All times are
/// milliseconds of a clock that never goes back.
package struct KeyStoreState {
  /// How long is what.
  package struct Timing: Sendable {
    /// Fetches that requests can cause at once, for each cause, and how long until they get one more.
    package var burst: UInt64 = 3
    package var requestInterval: UInt64 = 10_000
    /// No `Cache-Control` makes refreshes more frequent than this.
    package var leastRefresh: UInt64 = 60_000
    /// While there are no keys: the first wait after a failure, doubled with each one up to the longest. With keys, a
    /// failed refresh is tried again after the longest.
    package var firstRetry: UInt64 = 1_000
    package var longestRetry: UInt64 = 30_000

    package init() {}
  }

  /// Why the keys at hand are not enough.
  package enum Cause: Sendable {
    /// No key fits, or there are none yet.
    case unknownKey(kid: String?)
    /// The key with the token's id did not make the signature: some providers reuse an id for another key (GW-50).
    case badSignature
  }

  /// What somebody wants to know, and since when.
  package struct Question {
    package let cause: Cause
    fileprivate let seen: Int?
    /// Fetches begun before it was asked: they may have missed what it asks for.
    fileprivate let fetches: Int
  }

  /// What somebody who needs a key gets.
  package enum Answer {
    case use(KeySet, generation: Int)
    /// Wait, and ask the same question again when a fetch has ended or the moment given has come.
    case wait(Wait)
    /// There are no better keys.
    case noneBetter
    /// Nobody can tell for now; come back after so many seconds.
    case unavailable(retryAfter: Int)
  }

  package enum Wait: Equatable {
    /// For the fetch to be started now.
    case fetch
    case underWay
    /// For the next fetch that requests may cause.
    case until(UInt64)
  }

  package private(set) var keys: KeySet?
  /// Counts key sets, so that a waiter can tell whether it has seen the one in use.
  package private(set) var generation = 0
  package private(set) var isFetching = false
  /// When the keys were fetched, or would have been by this clock.
  private var fetchedAt: Int64 = 0
  /// Since the last success.
  private var failures = 0
  private var fetches = 0
  private var lastAttempt: UInt64 = 0
  private var retryAt: UInt64 = 0
  private var forUnknownKeys: FetchBudget
  private var forBadSignatures: FetchBudget
  private var missed: MissedKeys
  private let timing: Timing
  private let refreshInterval: UInt64

  /// How many may wait because the keys at hand do not fit them, for each cause; and how many while there are none.
  package static let mostDoubters = 256
  package static let mostWaiters = 16_384

  /// - Parameter refresh: the longest time between two fetches.
  package init(refresh: UInt64 = 300_000, timing: Timing = Timing()) {
    self.timing = timing
    refreshInterval = refresh
    forUnknownKeys = FetchBudget(burst: timing.burst, interval: timing.requestInterval)
    forBadSignatures = forUnknownKeys
    missed = MissedKeys(lifetime: timing.requestInterval)
  }

  /// Keys are in use that could not be renewed.
  package var isStale: Bool { keys != nil && failures > 0 }

  /// Milliseconds since the keys in use were fetched.
  package func age(now: UInt64) -> UInt64? { keys.map { _ in UInt64(max(0, Int64(now) - fetchedAt)) } }

  // MARK: Questions

  /// - Parameter seen: the generation of the keys that were not enough; nil when there were none.
  package func question(newerThan seen: Int?, because cause: Cause) -> Question {
    Question(cause: cause, seen: seen, fetches: fetches)
  }

  /// - Parameter waiting: how many wait already for the same cause.
  package mutating func ask(_ question: Question, waiting: Int, now: UInt64) -> Answer {
    // Did a fetch end that began after the question?
    let isSettled = fetches - (isFetching ? 1 : 0) > question.fetches
    if isSettled, failures == 0 { note(question.cause, now) }
    if let keys, question.seen ?? -1 < generation { return .use(keys, generation: generation) }
    guard keys != nil else { return isSettled ? unavailable(now) : askWithoutKeys(waiting: waiting, now: now) }
    if isSettled || isMissed(question.cause, now) {
      return failures == 0 ? .noneBetter : undecided(question.cause, now)
    }
    if isFetching { return waiting < Self.mostDoubters ? .wait(.underWay) : undecided(question.cause, now) }
    if take(question.cause, now) {
      begin(now)
      return .wait(.fetch)
    }
    guard failures == 0, waiting < Self.mostDoubters else { return undecided(question.cause, now) }
    return .wait(.until(budget(question.cause).next))
  }

  private mutating func askWithoutKeys(waiting: Int, now: UInt64) -> Answer {
    if isFetching { return waiting < Self.mostWaiters ? .wait(.underWay) : .unavailable(retryAfter: 1) }
    guard now >= nextAttempt else { return unavailable(now) }
    begin(now)
    return .wait(.fetch)
  }

  /// When requests that have no keys at all may cause a fetch: they need not wait for a long back-off.
  private var nextAttempt: UInt64 { fetches == 0 ? 0 : min(retryAt, lastAttempt + timing.requestInterval) }

  private func unavailable(_ now: UInt64) -> Answer { .unavailable(retryAfter: Self.seconds(until: nextAttempt, now)) }

  /// What to say while it cannot be found out: an unknown key may exist, a signature is bad until shown otherwise.
  private func undecided(_ cause: Cause, _ now: UInt64) -> Answer {
    switch cause {
    case .unknownKey: .unavailable(retryAfter: Self.seconds(until: forUnknownKeys.next, now))
    case .badSignature: .noneBetter
    }
  }

  private static func seconds(until moment: UInt64, _ now: UInt64) -> Int {
    moment > now ? Int(clamping: (moment - now + 999) / 1000) : 1
  }

  private mutating func note(_ cause: Cause, _ now: UInt64) {
    guard case .unknownKey(let kid?) = cause, keys?.holds(kid) == false else { return }
    missed.insert(kid, now: now)
  }

  private func isMissed(_ cause: Cause, _ now: UInt64) -> Bool {
    guard case .unknownKey(let kid?) = cause else { return false }
    return missed.contains(kid, now: now)
  }

  private func budget(_ cause: Cause) -> FetchBudget {
    switch cause {
    case .unknownKey: forUnknownKeys
    case .badSignature: forBadSignatures
    }
  }

  private mutating func take(_ cause: Cause, _ now: UInt64) -> Bool {
    switch cause {
    case .unknownKey: forUnknownKeys.take(now: now)
    case .badSignature: forBadSignatures.take(now: now)
    }
  }

  // MARK: Fetches

  /// The time for a refresh, or for another try, has come.
  ///
  /// - Returns: whether to fetch.
  package mutating func refresh(now: UInt64) -> Bool {
    guard !isFetching else { return false }
    begin(now)
    return true
  }

  private mutating func begin(_ now: UInt64) {
    isFetching = true
    fetches += 1
    lastAttempt = now
  }

  /// - Parameters:
  ///   - newKeys: nil when they are those in use.
  ///   - chance: at least 0 and below 1, by which refreshes of many gateways spread.
  /// - Returns: milliseconds until the next refresh: always before the keys would be too old.
  package mutating func succeeded(_ newKeys: KeySet?, _ freshness: Freshness, now: UInt64, chance: Double) -> UInt64 {
    isFetching = false
    failures = 0
    fetchedAt = Int64(now)
    if let newKeys { replace(newKeys) }
    let allowed: UInt64 =
      switch freshness {
      case .unspecified: refreshInterval
      case .none: 0
      case .seconds(let seconds): seconds * 1000
      }
    let interval = min(refreshInterval, max(timing.leastRefresh, allowed))
    return Self.share(of: interval, 0.8 + 0.2 * chance)
  }

  /// - Returns: milliseconds until the next try.
  package mutating func failed(now: UInt64, chance: Double) -> UInt64 {
    isFetching = false
    let backOff = timing.firstRetry << UInt64(min(failures, 10))
    failures += 1
    let wait = Self.share(of: keys == nil ? min(backOff, timing.longestRetry) : timing.longestRetry, 0.9 + 0.2 * chance)
    retryAt = now + wait
    return wait
  }

  /// Takes keys of an earlier run into use until others arrive, unless there are some.
  ///
  /// - Parameter age: milliseconds since they were fetched.
  package mutating func adopt(_ kept: KeySet, age: UInt64, now: UInt64) -> Bool {
    guard keys == nil else { return false }
    fetchedAt = Int64(now) - Int64(min(age, 1 << 53))
    replace(kept)
    return true
  }

  private mutating func replace(_ newKeys: KeySet) {
    keys = newKeys
    generation += 1
    missed.removeAll()
  }

  private static func share(of time: UInt64, _ factor: Double) -> UInt64 { UInt64(Double(time) * factor) }
}

extension KeySet {
  fileprivate func holds(_ kid: String) -> Bool { keys.contains { $0.kid.map { Array($0.utf8) } == Array(kid.utf8) } }
}
