import Bytes
import Identity
import JOSE
import JSON
import Telemetry
import Testing

@testable import Gateway

struct KeyLogTests {
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
      KeyLog(issuer: "i", Log { lines.append(String(decoding: $0, as: UTF8.self)) }, Metrics()).write(event)
      #expect(lines.count == 1)
      #expect(lines.first?.hasSuffix(",\(expected)}\n") == true, "\(lines)")
    }
  }

  /// What happens each few minutes is counted, not logged.
  @Test func countsFetches() {
    let metrics = Metrics()
    var lines = 0
    let log = KeyLog(issuer: "i", Log { _ in lines += 1 }, metrics)
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
