import Inbound
import Net
import Telemetry

/// Keeps the certificates of the TLS listeners current: reads them again when their files change or when told to, and
/// says how long they are good. What cannot be read leaves the old ones in use.
final class CertificateKeeper {
  private let loop: Loop
  private let log: Log
  private let metrics: Metrics
  private var kept: [(listener: InboundListener, settings: TLSServerSettings)] = []
  private var watchers: [FileWatcher] = []
  private var reading: Deadline?
  private var reminder: Deadline?

  /// Milliseconds to wait for further changes: a certificate and its key are rarely replaced at one instant.
  private static let settling: UInt64 = 500
  /// Milliseconds between two looks at the dates.
  private static let day: UInt64 = 86_400_000
  /// Seconds before the end when a certificate is called out.
  static let notice: Int64 = 14 * 86_400

  init(_ loop: Loop, _ log: Log, _ metrics: Metrics) {
    self.loop = loop
    self.log = log
    self.metrics = metrics
  }

  deinit {
    for watcher in watchers { watcher.stop() }
    reading?.invalidate()
    reminder?.invalidate()
  }

  /// Takes care of a listener that has its first certificates.
  func keep(_ listener: InboundListener, _ settings: TLSServerSettings) {
    kept.append((listener, settings))
    for file in settings.files {
      watchers.append(FileWatcher(loop, file) { [unowned self] in changed() })
    }
  }

  /// Begins to watch; call it once all listeners are known.
  func start() {
    reading = Deadline(loop.deadlines) { [unowned self] in readAgain() }
    let reminder = Deadline(loop.deadlines) { [unowned self] in remind() }
    self.reminder = reminder
    report()
    remind()
  }

  private func changed() { reading?.set(in: Self.settling) }

  /// Reads all files again.
  func readAgain() {
    guard !kept.isEmpty else { return }
    for (listener, settings) in kept {
      do throws(TLSFault) {
        listener.options.tls = try TLSServerContext(settings, replacing: listener.options.tls)
        log.event(.info, "certificates_read") { $0.member("listener", text: listener.address.description) }
      } catch {
        log.event(.error, "certificates_kept") { line in
          line.member("listener", text: listener.address.description)
          line.member("file", text: error.file)
          line.member("detail", text: error.what)
          line.member("remedy", text: error.remedy)
        }
      }
    }
    report()
    warnOfDates()
  }

  private func remind() {
    warnOfDates()
    reminder?.set(in: Self.day)
  }

  private var certificates: [CertificateSummary] {
    kept.flatMap { $0.listener.options.tls?.certificates ?? [] }
  }

  private func report() {
    for certificate in certificates { event(.info, "certificate", certificate) }
    metrics.show(
      certificates.map {
        CertificateExpiry(certificate: $0.file, name: $0.names.first ?? "", notAfter: Int($0.notAfter))
      })
  }

  private func warnOfDates() {
    let now = Loop.unixTime
    for certificate in certificates where certificate.notAfter < now + Self.notice {
      event(
        certificate.notAfter < now ? .error : .warning,
        certificate.notAfter < now ? "certificate_expired" : "certificate_expires", certificate)
    }
    for certificate in certificates {
      guard let until = certificate.ocspNextUpdate, until < now else { continue }
      event(.warning, "ocsp_response_outdated", certificate)
    }
  }

  private func event(_ level: LogLevel, _ name: StaticString, _ certificate: CertificateSummary) {
    log.event(level, name) { line in
      line.member("file", text: certificate.file)
      line.member("names", text: certificate.names.joined(separator: " "))
      line.member("key", text: certificate.keyType)
      line.member("not_after", text: WallClock.text(of: certificate.notAfter))
    }
  }
}
