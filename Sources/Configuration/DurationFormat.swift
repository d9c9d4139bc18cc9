extension Duration {
  /// In whole milliseconds, as timers take it.
  package var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }

  static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }
  static func hours(_ count: Int) -> Duration { .seconds(count * 3600) }
  static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }

  /// With the largest unit that divides it, as the configuration spells it: `250ms`, `10s`, `5m`, `24h`, `30d`. A single
  /// day is counted in hours.
  var configurationText: String {
    let units = DurationFormat.units.filter { $0.0 != "d" || milliseconds > $0.1 }
    for (unit, length) in units.reversed() where milliseconds % length == 0 && milliseconds > 0 {
      return "\(milliseconds / length)\(unit)"
    }
    return "\(milliseconds)ms"
  }
}

/// Spans of time: a whole number and a unit.
enum DurationFormat {
  /// In milliseconds, shortest first.
  static let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]

  static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits), let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) })
    else {
      return nil
    }
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.1)
    return overflow ? nil : .milliseconds(milliseconds)
  }
}

extension ScalarFormat where Value == Duration {
  static func duration(_ range: ClosedRange<Duration>) -> Self {
    let bounds = "\(range.lowerBound.configurationText) to \(range.upperBound.configurationText)"
    return Self(expected: "a duration from \(bounds)", example: "250ms, 10s, 5m or 1h") { text in
      DurationFormat.parse(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// A wait: never zero, because every wait ends, and at most a day.
  static var timeout: Self { duration(.milliseconds(1) ... .hours(24)) }
}
