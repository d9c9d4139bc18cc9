package import Bytes
package import Inbound
import Telemetry

/// A gateway that listens, with what belongs to it.
package final class RunningGateway {
  /// Serves the clients.
  package let service: InboundService
  /// Serves the operator; nil when the configuration has no `admin`.
  package let admin: InboundService?
  private let certificates: CertificateKeeper
  private let sealingKeys: SealingKeyKeeper
  private let readiness: Readiness
  private let metrics: Metrics

  init(
    _ service: InboundService, _ admin: InboundService?, _ certificates: CertificateKeeper,
    _ sealingKeys: SealingKeyKeeper, _ readiness: Readiness, _ metrics: Metrics
  ) {
    self.sealingKeys = sealingKeys
    self.readiness = readiness
    self.service = service
    self.admin = admin
    self.certificates = certificates
    self.metrics = metrics
  }

  /// What keeps it from doing all of its work just now, one line for each.
  package var obstacles: [String] { readiness.obstacles }

  /// Appends its numbers in the text format of Prometheus.
  package func renderMetrics(to buffer: ByteBuffer) { metrics.render(to: buffer) }

  /// Reads certificates, keys, ticket keys and sealing keys again.
  package func readFiles() {
    certificates.readAgain()
    sealingKeys.readAgain()
  }

  /// Lets running exchanges finish, within `timeout` milliseconds; the operator's pages go last.
  package func drain(timeout: UInt64, _ done: @escaping () -> Void) {
    readiness.isDraining = true
    service.drain(timeout: timeout) { [admin] in
      guard let admin else { return done() }
      admin.drain(timeout: 0, done)
    }
  }
}
