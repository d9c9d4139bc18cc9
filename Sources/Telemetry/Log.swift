package import Bytes
import Glibc

/// How much an event matters.
package enum LogLevel: UInt8, Comparable, Sendable {
  case debug, info, warning, error

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  var name: StaticString {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}

/// Writes JSON lines: one for each request, and one for each event of the gateway itself.
package final class Log {
  private let sink: (ByteView) -> Void
  private let line = JSONLine()
  private let minimum: LogLevel
  /// Whether requests are logged.
  package let logsRequests: Bool
  private var clock = WallClock()
  /// The number of the process among several that write to one place.
  private let worker: Int?

  /// - Parameters:
  ///   - worker: stands in each line; nil: in none.
  ///   - sink: takes whole lines, lent for the call.
  package init(
    minimum: LogLevel = .info, logsRequests: Bool = true, worker: Int? = nil, sink: @escaping (ByteView) -> Void
  ) {
    self.worker = worker
    self.minimum = minimum
    self.logsRequests = logsRequests
    self.sink = sink
  }

  /// Writes an event of the gateway; `members` is only called when its level is wanted.
  package func event(_ level: LogLevel, _ name: StaticString, _ members: (JSONLine) -> Void = { _ in }) {
    guard level >= minimum else { return }
    write { line in
      line.member("level", level.name)
      line.member("event", name)
      members(line)
    }
  }

  func write(_ members: (JSONLine) -> Void) {
    clock.update()
    line.write(
      { line in
        clock.withTimestamp { line.member("ts", $0) }
        if let worker { line.member("worker", worker) }
        members(line)
      }, sink)
  }
}

/// Formats the time once a second: RFC 3339 for logs, and the Date field of responses (RFC 9110 §5.6.7).
package struct WallClock {
  private var second: time_t = -1
  private var timestamp = [UInt8]("1970-01-01T00:00:00.000Z".utf8)
  private var date = [UInt8]("Thu, 01 Jan 1970 00:00:00 GMT".utf8)

  package init() {}

  package mutating func update() {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    if now.tv_sec != second { format(now.tv_sec) }
    let milliseconds = now.tv_nsec / 1_000_000
    timestamp[20] = UInt8(truncatingIfNeeded: milliseconds / 100) + 0x30
    timestamp[21] = UInt8(truncatingIfNeeded: milliseconds / 10 % 10) + 0x30
    timestamp[22] = UInt8(truncatingIfNeeded: milliseconds % 10) + 0x30
  }

  private mutating func format(_ seconds: time_t) {
    second = seconds
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 40)
    strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S.000Z", &parts)
    for index in timestamp.indices { timestamp[index] = UInt8(bitPattern: text[index]) }
    strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    for index in date.indices { date[index] = UInt8(bitPattern: text[index]) }
  }

  /// A moment in seconds since 1970 as log lines have it, for example `2026-07-28T12:00:00.000Z`.
  package static func text(of seconds: Int64) -> String {
    var clock = WallClock()
    clock.format(time_t(seconds))
    return String(decoding: clock.timestamp, as: UTF8.self)
  }

  /// For example `2026-07-28T12:00:00.123Z`.
  func withTimestamp(_ body: (ByteView) -> Void) { timestamp.withUnsafeBytes(body) }

  /// For example `Tue, 28 Jul 2026 12:00:00 GMT`.
  package func withDate(_ body: (ByteView) -> Void) { date.withUnsafeBytes(body) }
}
