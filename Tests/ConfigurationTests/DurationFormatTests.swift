import Testing

@testable import Configuration

struct DurationFormatTests {
  @Test(arguments: [
    ("250ms", Duration.milliseconds(250), "250ms"), ("10s", .seconds(10), "10s"), ("60s", .seconds(60), "1m"),
    ("90s", .seconds(90), "90s"), ("5m", .seconds(300), "5m"), ("1h", .seconds(3600), "1h"),
    ("24h", .hours(24), "24h"), ("1d", .hours(24), "24h"),
    ("48h", .days(2), "2d"), ("90d", .days(90), "90d"), ("36h", .hours(36), "36h"), ("1000ms", .seconds(1), "1s"),
    ("0s", .zero, "0ms"),
  ])
  func readsAndWrites(text: String, duration: Duration, canonical: String) {
    #expect(DurationFormat.parse(text) == duration)
    #expect(duration.configurationText == canonical)
    #expect(DurationFormat.parse(canonical) == duration)
  }

  @Test(arguments: [
    "", "10", "s", "1.5s", "-1s", "+1s", "1 s", "1w", "1S", "1sm", "99999999999999999999s",
    "9223372036854775807h", "١s",
  ])
  func refuses(text: String) {
    #expect(DurationFormat.parse(text) == nil)
  }

  @Test func countsMilliseconds() {
    #expect(Duration.milliseconds(1500).milliseconds == 1500)
    #expect(Duration.hours(24).milliseconds == 86_400_000)
    #expect(Duration.zero.milliseconds == 0)
  }
}
