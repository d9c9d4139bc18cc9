import Bytes
import Identity
import JOSE
import JSON
import Telemetry
import Testing

@testable import Gateway

struct ProviderLogTests {
  private func events() throws -> [(KeyStore.Event, String)] {
    let skipped = try KeySet(jwks: ["keys": [["kty": "X"], 7, ["kty": "Y"]]]).skipped
    return [
      (.fetched(usable: 2, skipped: []), #""level":"info","event":"keys_fetched","issuer":"i","usable":2,"skipped":0"#),
      (
        .fetched(usable: 2, skipped: skipped),
        #""level":"info","event":"keys_fetched","issuer":"i","usable":2,"skipped":3,"#
          + #""skipped_reasons":"unknown key type: 2, not an object: 1""#
      ),
      (.failed("why"), #""level":"error","event":"keys_failed","issuer":"i","detail":"why""#),
      (.stale(age: 301), #""level":"warning","event":"keys_stale","issuer":"i","age_seconds":301"#),
      (.recovered, #""level":"info","event":"keys_recovered","issuer":"i""#),
      (
        .fromDisk(usable: 1, age: 7),
        #""level":"info","event":"keys_from_disk","issuer":"i","usable":1,"age_seconds":7"#
      ),
      (.notKept("why"), #""level":"warning","event":"keys_not_kept","issuer":"i","detail":"why""#),
    ]
  }

  @Test func oneLineForEachEvent() throws {
    for (event, expected) in try events() {
      var lines: [String] = []
      ProviderLog(issuer: "i", Log { lines.append(String(decoding: $0, as: UTF8.self)) }, Metrics()).write(event)
      #expect(lines.count == 1)
      #expect(lines.first?.hasSuffix(",\(expected)}\n") == true, "\(lines)")
    }
  }

  @Test func questionsAboutTokens() {
    var lines: [String] = []
    let metrics = Metrics()
    let log = ProviderLog(issuer: "i", Log { lines.append(String(decoding: $0, as: UTF8.self)) }, metrics)
    let events: [Introspector.Event] = [.failed("why", pause: nil), .failed("why", pause: 1_000), .recovered]
    for event in events { log.write(event) }
    let expected = [
      #""level":"error","event":"introspection_failed","issuer":"i","detail":"why""#,
      #""level":"error","event":"introspection_failed","issuer":"i","detail":"why","pause_ms":1000"#,
      #""level":"info","event":"introspection_recovered","issuer":"i""#,
    ]
    #expect(lines.count == expected.count)
    for (line, end) in zip(lines, expected) { #expect(line.hasSuffix(",\(end)}\n"), "\(line)") }
    let buffer = ByteBuffer()
    metrics.render(to: buffer)
    let text = String(decoding: buffer.view, as: UTF8.self)
    for outcome in ["question", "pause"] {
      #expect(text.contains("portcullis_introspection_failures_total{outcome=\"\(outcome)\"} 1\n"))
    }
  }

  /// What happens each few minutes is counted, not logged.
  @Test func countsFetches() {
    let metrics = Metrics()
    var lines = 0
    let log = ProviderLog(issuer: "i", Log { _ in lines += 1 }, metrics)
    for event in [.unchanged, .unchanged, .unchanged, .failed("x"), .failed("x"), .fetched(usable: 1, skipped: [])]
      as [KeyStore.Event]
    {
      log.write(event)
    }
    #expect(lines == 3)
    let buffer = ByteBuffer()
    metrics.render(to: buffer)
    let text = String(decoding: buffer.view, as: UTF8.self)
    for sample in ["unchanged\"} 3", "failed\"} 2", "changed\"} 1"] {
      #expect(text.contains("portcullis_key_fetches_total{outcome=\"\(sample)\n"), "\(sample)")
    }
  }
}
