package import JOSE

/// The life of a provider's key set, without I/O: when to fetch, when to wait, when to make do.
///
/// Keys are fetched when first needed; one fetch serves everyone who waits. Once fetched they stay in use until
/// others arrive, however long the provider is down. All times are milliseconds of a clock that never goes back.
package struct KeyStoreState {
  /// What somebody who needs a key gets.
  package enum Answer {
    case use(KeySet, generation: Int)
    /// Wait for the fetch under way; start it when `startFetch` says so.
    case wait(startFetch: Bool)
    /// There are no better keys, and it is too early to ask again.
    case noneBetter
    /// There are no keys at all; ask again after so many seconds.
    case unavailable(retryAfter: Int)
  }

  package private(set) var keys: KeySet?
  /// Counts key sets, so that a waiter can tell whether it has seen the one in use.
  package private(set) var generation = 0
  package private(set) var isFetching = false
  private var lastAttempt: UInt64?

  /// The least time between two fetches that requests can cause: a flood of unknown key ids costs one fetch.
  package static let attemptInterval: UInt64 = 10_000
  /// After a success and after a failure, when the keys are refreshed without being asked for.
  package static let refreshInterval: UInt64 = 300_000
  package static let retryInterval: UInt64 = 30_000

  package init() {}

  /// Somebody needs keys, newer ones than `generation` when the ones of that generation did not fit.
  package mutating func ask(newerThan seen: Int?, now: UInt64) -> Answer {
    if let keys, seen ?? -1 < generation { return .use(keys, generation: generation) }
    if isFetching { return .wait(startFetch: false) }
    if let lastAttempt, now < lastAttempt + Self.attemptInterval {
      guard keys == nil else { return .noneBetter }
      return .unavailable(retryAfter: Int((lastAttempt + Self.attemptInterval - now + 999) / 1000))
    }
    begin(now)
    return .wait(startFetch: true)
  }

  /// The time for a refresh has come.
  ///
  /// - Returns: whether to fetch.
  package mutating func refresh(now: UInt64) -> Bool {
    guard !isFetching else { return false }
    begin(now)
    return true
  }

  /// - Returns: milliseconds until the next refresh.
  package mutating func succeeded(_ keys: KeySet) -> UInt64 {
    isFetching = false
    self.keys = keys
    generation += 1
    return Self.refreshInterval
  }

  /// - Returns: milliseconds until the next try; nil while nobody has keys that could grow old.
  package mutating func failed() -> UInt64? {
    isFetching = false
    return keys == nil ? nil : Self.retryInterval
  }

  private mutating func begin(_ now: UInt64) {
    isFetching = true
    lastAttempt = now
  }
}
