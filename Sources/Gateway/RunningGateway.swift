package import Inbound

/// A gateway that listens, with what belongs to it.
package final class RunningGateway {
  /// Serves the clients.
  package let service: InboundService
  /// Serves the operator; nil when the configuration has no `admin`.
  package let admin: InboundService?
  private let certificates: CertificateKeeper
  private let readiness: Readiness

  init(
    _ service: InboundService, _ admin: InboundService?, _ certificates: CertificateKeeper, _ readiness: Readiness
  ) {
    self.readiness = readiness
    self.service = service
    self.admin = admin
    self.certificates = certificates
  }

  /// Reads certificates, keys and ticket keys again.
  package func readCertificates() { certificates.readAgain() }

  /// Lets running exchanges finish, within `timeout` milliseconds; the operator's pages go last.
  package func drain(timeout: UInt64, _ done: @escaping () -> Void) {
    readiness.isDraining = true
    service.drain(timeout: timeout) { [admin] in
      guard let admin else { return done() }
      admin.drain(timeout: 0, done)
    }
  }
}
