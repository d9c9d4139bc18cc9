/// How many fetches requests may cause: a few at once, then one for each interval. What it does not give at once it
/// gives a date for.
struct FetchBudget {
  private let interval: UInt64
  private let burst: UInt64
  /// When all of the burst is there again.
  private var full: UInt64 = 0

  /// - Parameter interval: milliseconds until one more fetch is allowed.
  init(burst: UInt64, interval: UInt64) {
    self.burst = max(1, burst)
    self.interval = interval
  }

  /// When the next fetch is allowed; a moment that has passed means now.
  var next: UInt64 {
    let owed = (burst - 1) * interval
    return full > owed ? full - owed : 0
  }

  /// - Returns: whether to fetch.
  mutating func take(now: UInt64) -> Bool {
    guard now >= next else { return false }
    full = max(full, now) + interval
    return true
  }
}
