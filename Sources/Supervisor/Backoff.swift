/// How long a worker that has ended stays away. Times in milliseconds.
struct Backoff {
  /// Whoever has run for so long begins anew.
  static let goodRun: UInt64 = 60_000
  static let longest: UInt64 = 30_000

  private var failures = 0

  /// - Parameter ran: how long it has served; 0: it never has.
  /// - Returns: nothing at the first time, then 1 s, 2 s, 4 s … 30 s.
  mutating func delay(ran: UInt64) -> UInt64 {
    failures = ran >= Self.goodRun ? 1 : min(failures + 1, 7)
    return failures == 1 ? 0 : min(Self.longest, 1_000 << UInt64(failures - 2))
  }
}
