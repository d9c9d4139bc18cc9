import Bytes
import Testing

@testable import Telemetry

struct LogTests {
  /// The lines that reach the sink, without their time.
  private func lines(_ minimum: LogLevel, _ write: (Log) -> Void) -> [String] {
    var lines: [String] = []
    let log = Log(minimum: minimum) { lines.append($0.text) }
    write(log)
    return lines.map { line in
      let prefix = "{\"ts\":\""
      #expect(line.hasPrefix(prefix))
      #expect(line.hasSuffix("}\n"))
      return "{" + line.dropFirst(prefix.utf8.count + 26)
    }
  }

  @Test(arguments: [
    (LogLevel.debug, ["debug", "info", "warning", "error"]), (.info, ["info", "warning", "error"]),
    (.warning, ["warning", "error"]), (.error, ["error"]),
  ])
  func levels(_ minimum: LogLevel, _ names: [String]) {
    let found = lines(minimum) { log in
      for level in [LogLevel.debug, .info, .warning, .error] { log.event(level, "happened") }
    }
    #expect(found == names.map { "{\"level\":\"\($0)\",\"event\":\"happened\"}\n" })
  }

  @Test func membersAreOnlyMadeWhenTheyAreWanted() {
    var calls = 0
    let found = lines(.warning) { log in
      log.event(.info, "a") { _ in calls += 1 }
      log.event(.error, "b") { line in
        calls += 1
        line.member("n", 1)
      }
    }
    #expect(calls == 1)
    #expect(found == ["{\"level\":\"error\",\"event\":\"b\",\"n\":1}\n"])
  }

  @Test func requestsCanBeLeftOut() {
    var count = 0
    let log = Log(logsRequests: false) { _ in count += 1 }
    "x".lend { text in
      let texts = AccessTexts(
        requestID: text, listener: text, client: text, route: nil, method: text, path: text, subject: nil, clientID: nil
      )
      log.request(AccessRecord(), texts, endedAt: 0)
    }
    #expect(count == 0)
    #expect(!log.logsRequests)
  }
}
