/// Times of tokens against the clock, in seconds since 1970. Absurd values saturate instead of overflowing.
enum Deadline {
  static func isPast(_ expiry: Int64, skew: Int64, now: Int64) -> Bool {
    let (deadline, overflowed) = expiry.addingReportingOverflow(skew)
    return !overflowed && now >= deadline
  }

  static func isAhead(_ start: Int64, skew: Int64, now: Int64) -> Bool {
    let (latest, overflowed) = now.addingReportingOverflow(skew)
    return !overflowed && start > latest
  }
}

extension Int64 {
  /// - Parameter other: not negative.
  func saturatingAdding(_ other: Int64) -> Int64 {
    let (sum, overflowed) = addingReportingOverflow(other)
    return overflowed ? .max : sum
  }
}
