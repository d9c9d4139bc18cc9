import Identity
import Telemetry

/// Writes into the log what happens when one provider is asked about tokens, and counts failures.
final class IntrospectionLog {
  private let issuer: String
  private let log: Log
  private let metrics: Metrics

  init(issuer: String, _ log: Log, _ metrics: Metrics) {
    self.issuer = issuer
    self.log = log
    self.metrics = metrics
  }

  func write(_ event: Introspector.Event) {
    switch event {
    case .failed(let reason, let pause):
      metrics.count(.introspectionFailures, pause == nil ? "question" : "pause")
      log.event(.error, "introspection_failed") { line in
        line.member("issuer", text: issuer)
        line.member("detail", text: reason)
        if let pause { line.member("pause_ms", Int(clamping: pause)) }
      }
    case .recovered:
      log.event(.info, "introspection_recovered") { $0.member("issuer", text: issuer) }
    }
  }
}
