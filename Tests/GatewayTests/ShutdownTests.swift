import Bytes
import Glibc
import Net
import Telemetry
import Testing

@testable import Gateway

/// Signals reach the whole process: one test at a time.
@Suite(.serialized)
struct ShutdownTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private final class Record {
    var lines: [String] = []
    var timeouts: [UInt64] = []
    var reloads = 0
    var finish: () -> Void = {}
  }

  private func shutdown(_ record: Record) -> Shutdown {
    let log = Log { record.lines.append($0.text) }
    let shutdown = Shutdown(test.loop, log, timeout: 1_500, reload: { record.reloads += 1 }) { timeout, finished in
      record.timeouts.append(timeout)
      record.finish = finished
    }
    shutdown.watchSignals()
    return shutdown
  }

  /// Runs the loop until somebody stops it, for ten seconds at the most.
  private func runUntilStopped() {
    var isLate = false
    let limit = Deadline(test.loop.deadlines) { [loop = test.loop] in
      isLate = true
      loop.stop()
    }
    limit.set(in: 10_000)
    test.loop.run()
    limit.invalidate()
    #expect(!isLate)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func drainsAndThenStops(_ signal: Int32) throws {
    let record = Record()
    let shutdown = shutdown(record)
    try withExtendedLifetime(shutdown) {
      kill(getpid(), signal)
      try test.run(until: { !record.timeouts.isEmpty })
      #expect(record.timeouts == [1_500])
      #expect(record.lines.count == 1)
      #expect(record.lines.first?.contains("\"event\":\"draining\",\"timeout_ms\":1500}") == true)
      record.finish()
      runUntilStopped()
    }
  }

  @Test func theSecondSignalDoesNotWait() throws {
    let record = Record()
    let shutdown = shutdown(record)
    try withExtendedLifetime(shutdown) {
      kill(getpid(), SIGTERM)
      try test.run(until: { !record.timeouts.isEmpty })
      kill(getpid(), SIGINT)
      runUntilStopped()
      #expect(record.timeouts.count == 1)
      #expect(record.lines.count == 1)
    }
  }

  @Test func aReloadIsPassedOn() throws {
    let record = Record()
    let shutdown = shutdown(record)
    try withExtendedLifetime(shutdown) {
      kill(getpid(), SIGHUP)
      try test.run(until: { !record.lines.isEmpty })
      #expect(record.lines.first?.contains("\"event\":\"reloading\"") == true)
      #expect(record.reloads == 1)
      #expect(record.timeouts.isEmpty)
    }
  }
}
