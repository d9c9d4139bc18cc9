import Glibc
package import Net
package import Telemetry

/// Turns signals into an orderly stop. A second SIGTERM or SIGINT does not wait.
package final class Shutdown {
  private let loop: Loop
  private let log: Log
  private let timeout: UInt64
  private let reload: () -> Void
  private let drain: (UInt64, @escaping () -> Void) -> Void
  private var isStopping = false
  private var watchers: [SignalWatcher] = []

  /// - Parameters:
  ///   - timeout: milliseconds that running exchanges get.
  ///   - reload: reads again what SIGHUP is for.
  ///   - drain: stops everything within that time and calls back.
  package init(
    _ loop: Loop, _ log: Log, timeout: UInt64, reload: @escaping () -> Void = {},
    drain: @escaping (UInt64, @escaping () -> Void) -> Void
  ) {
    self.loop = loop
    self.log = log
    self.timeout = timeout
    self.reload = reload
    self.drain = drain
  }

  deinit { for watcher in watchers { watcher.stop() } }

  package func watchSignals() {
    for number in [SIGTERM, SIGINT] {
      watchers.append(SignalWatcher(loop, number) { [unowned self] in stop() })
    }
    watchers.append(
      SignalWatcher(loop, SIGHUP) { [unowned self] in
        log.event(.info, "reloading") {
          $0.member("note", "certificates and keys are read again; a changed configuration takes a restart")
        }
        reload()
      })
  }

  private func stop() {
    guard !isStopping else { return loop.stop() }
    isStopping = true
    log.event(.info, "draining") { $0.member("timeout_ms", Int(timeout)) }
    drain(timeout) { [loop] in loop.stop() }
  }
}
