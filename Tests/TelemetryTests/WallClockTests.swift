import Bytes
import Glibc
import Testing

@testable import Telemetry

struct WallClockTests {
  private func read(_ clock: WallClock) -> (timestamp: String, date: String) {
    var timestamp = ""
    clock.withTimestamp { timestamp = $0.text }
    var date = ""
    clock.withDate { date = $0.text }
    return (timestamp, date)
  }

  @Test func beginsAtTheEpoch() {
    let texts = read(WallClock())
    #expect(texts.timestamp == "1970-01-01T00:00:00.000Z")
    #expect(texts.date == "Thu, 01 Jan 1970 00:00:00 GMT")
  }

  /// Both texts are of the same second, which lies between two looks at the system's clock.
  @Test func tellsTheTime() {
    var clock = WallClock()
    let before = time(nil)
    clock.update()
    clock.update()
    let after = time(nil)
    let texts = read(clock)
    let candidates = (before...after).map { format($0) }
    #expect(candidates.contains { texts.timestamp.hasPrefix($0.0) && texts.date == $0.1 })
    #expect(texts.timestamp.utf8.count == 24)
    #expect(texts.timestamp.hasSuffix("Z"))
    #expect(texts.timestamp.dropFirst(20).prefix(3).allSatisfy { $0.isNumber })
  }

  /// RFC 3339 without the fraction, and the date of RFC 9110 §5.6.7.
  private func format(_ second: time_t) -> (String, String) {
    var second = second
    var parts = tm()
    gmtime_r(&second, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    let year = 1900 + parts.tm_year
    return (
      "\(year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(time).",
      "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(year) \(time) GMT"
    )
  }
}
