import Bytes
import Telemetry
import Testing

struct AccessRecordTests {
  /// The line of a request behind its time.
  private func line(
    _ record: AccessRecord, endedAt: UInt64 = 0, route: String? = nil, path: String = "/mcp", subject: String? = nil,
    clientID: String? = nil
  ) -> String {
    var found = ""
    let log = Log { found = $0.text }
    func optional(_ text: String?, _ body: (ByteView?) -> Void) {
      guard let text else { return body(nil) }
      text.lend { body($0) }
    }
    "0001".lend { id in
      "127.0.0.1:80".lend { listener in
        "10.0.0.1".lend { client in
          "POST".lend { method in
            path.lend { path in
              optional(route) { route in
                optional(subject) { subject in
                  optional(clientID) { clientID in
                    let texts = AccessTexts(
                      requestID: id, listener: listener, client: client, route: route, method: method, path: path,
                      subject: subject, clientID: clientID)
                    log.request(record, texts, endedAt: endedAt)
                  }
                }
              }
            }
          }
        }
      }
    }
    return String(found.dropFirst("{\"ts\":\"1970-01-01T00:00:00.000Z\",".utf8.count))
  }

  @Test func aCompleteLine() {
    var record = AccessRecord()
    record.startedAt = 1_000_000
    record.forwardedAt = 2_000_000
    record.answeredAt = 4_500_000
    record.status = 200
    record.bytesIn = 12
    record.bytesOut = 3_456
    record.auth = .verified
    let text = line(record, endedAt: 8_765_000, route: "tools", subject: "user-1", clientID: "client-1")
    #expect(
      text
        == "\"event\":\"request\",\"request_id\":\"0001\",\"listener\":\"127.0.0.1:80\",\"client\":\"10.0.0.1\","
        + "\"route\":\"tools\",\"protocol\":\"HTTP/1.1\",\"method\":\"POST\",\"path\":\"/mcp\",\"status\":200,\"bytes_in\":12,\"bytes_out\":3456,"
        + "\"duration_ms\":7.765,\"upstream_ms\":2.500,\"auth\":\"verified\",\"subject\":\"user-1\","
        + "\"client_id\":\"client-1\"}\n")
  }

  /// Members without a value are left out; a refusal says why.
  @Test func aRefusedRequest() {
    var record = AccessRecord()
    record.status = 502
    record.auth = .refused
    record.reason = "upstream_connect_failed"
    record.detail = "connection refused"
    let text = line(record, subject: "", clientID: "")
    #expect(
      text
        == "\"event\":\"request\",\"request_id\":\"0001\",\"listener\":\"127.0.0.1:80\",\"client\":\"10.0.0.1\","
        + "\"protocol\":\"HTTP/1.1\",\"method\":\"POST\",\"path\":\"/mcp\",\"status\":502,\"bytes_in\":0,\"bytes_out\":0,\"duration_ms\":0.000,"
        + "\"auth\":\"refused\",\"reason\":\"upstream_connect_failed\",\"detail\":\"connection refused\"}\n")
  }

  @Test(arguments: [
    (AuthOutcome.none, "none"), (.challenged, "challenged"), (.verified, "verified"), (.refused, "refused"),
  ])
  func outcomes(_ outcome: AuthOutcome, _ word: String) {
    var record = AccessRecord()
    record.auth = outcome
    #expect(line(record).contains("\"auth\":\"\(word)\""))
  }

  @Test func aHostilePathStaysInItsString() {
    let text = line(AccessRecord(), path: "/a\",\"auth\":\"verified\"}\n{\u{1B}")
    #expect(text.contains("\"path\":\"/a\\\",\\\"auth\\\":\\\"verified\\\"}\\u000a{\\u001b\","))
    #expect(text.filter { $0 == "\n" }.count == 1)
  }
}
