import Glibc

/// Seconds since 1970 in words for people.
enum UTCDate {
  /// For example `2026-11-25 23:02:45 UTC`; nil for what no calendar has.
  static func text(_ seconds: Int64) -> String? {
    var time = time_t(seconds)
    var parts = tm()
    // Years of five digits are milliseconds that were taken for seconds.
    guard gmtime_r(&time, &parts) != nil, 0...8099 ~= parts.tm_year else { return nil }
    let date = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2)]
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }
    return "\(date.joined(separator: "-")) \(clock.joined(separator: ":")) UTC"
  }

  private static func padded(_ number: Int32, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// For example `240 s ago`, `in 2 h 5 min`.
  static func distance(_ seconds: Int64, from now: Int64) -> String {
    let (difference, overflowed) = seconds.subtractingReportingOverflow(now)
    guard !overflowed, difference != .min else { return "out of reach" }
    return difference < 0 ? "\(duration(-difference)) ago" : "in \(duration(difference))"
  }

  /// The two largest units; up to ten minutes in seconds.
  static func duration(_ seconds: Int64) -> String {
    guard seconds > 600 else { return "\(seconds) s" }
    let units: [(name: String, size: Int64)] = [("d", 86_400), ("h", 3_600), ("min", 60)]
    var rest = seconds
    var parts: [String] = []
    for unit in units {
      let count = rest / unit.size
      rest %= unit.size
      if count > 0 { parts.append("\(count) \(unit.name)") }
      if parts.count == 2 { break }
    }
    return parts.joined(separator: " ")
  }
}
