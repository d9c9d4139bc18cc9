import Identity
import JOSE
import Telemetry

/// Writes into the log what happens between the gateway and one provider, and counts it.
final class ProviderLog {
  private let issuer: String
  private let log: Log
  private let metrics: Metrics

  init(issuer: String, _ log: Log, _ metrics: Metrics) {
    self.issuer = issuer
    self.log = log
    self.metrics = metrics
  }

  func write(_ event: KeyStore.Event) {
    switch event {
    case .fetched(let usable, let skipped):
      metrics.count(.keyFetches, "changed")
      self.event(.info, "keys_fetched") { line in
        line.member("usable", usable)
        line.member("skipped", skipped.count)
        if !skipped.isEmpty { line.member("skipped_reasons", text: Self.words(skipped)) }
      }
    case .unchanged: metrics.count(.keyFetches, "unchanged")
    case .failed(let reason):
      metrics.count(.keyFetches, "failed")
      self.event(.error, "keys_failed") { $0.member("detail", text: reason) }
    case .stale(let age): self.event(.warning, "keys_stale") { $0.member("age_seconds", age) }
    case .recovered: self.event(.info, "keys_recovered")
    case .fromDisk(let usable, let age):
      self.event(.info, "keys_from_disk") { line in
        line.member("usable", usable)
        line.member("age_seconds", age)
      }
    case .notKept(let reason): self.event(.warning, "keys_not_kept") { $0.member("detail", text: reason) }
    }
  }

  func write(_ event: Introspector.Event) {
    switch event {
    case .failed(let reason, let pause):
      metrics.count(.introspectionFailures, pause == nil ? "question" : "pause")
      self.event(.error, "introspection_failed") { line in
        line.member("detail", text: reason)
        if let pause { line.member("pause_ms", Int(clamping: pause)) }
      }
    case .recovered: self.event(.info, "introspection_recovered")
    }
  }

  private func event(_ level: LogLevel, _ name: StaticString, _ members: (JSONLine) -> Void = { _ in }) {
    log.event(level, name) { line in
      line.member("issuer", text: issuer)
      members(line)
    }
  }

  /// For example `for another algorithm: 2, unknown key type: 1`.
  static func words(_ skipped: [SkippedKey]) -> String {
    var counts: [(reason: SkippedKey.Reason, count: Int)] = []
    for key in skipped {
      if let index = counts.firstIndex(where: { $0.reason == key.reason }) {
        counts[index].count += 1
      } else {
        counts.append((key.reason, 1))
      }
    }
    return counts.map { "\($0.reason.rawValue): \($0.count)" }.joined(separator: ", ")
  }
}
