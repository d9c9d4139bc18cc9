import Net
import Telemetry

extension Supervision.Report {
  /// - Parameter process: the process id of the worker in a place.
  func write(to log: Log, process: (Int) -> Int32?) {
    switch self {
    case .started(let place):
      log.event(.info, "worker_started") { line in
        line.member("worker", place + 1)
        line.member("pid", Int(process(place) ?? 0))
      }
    case .ended(let place, let cause, let restart):
      log.event(cause == .told ? .info : .error, "worker_ended") { line in
        line.member("worker", place + 1)
        cause.write(to: line)
        if let restart { line.member("restart_ms", Int(restart)) }
      }
    case .slow(let place):
      log.event(.error, "worker_slow") { line in
        line.member("worker", place + 1)
        line.member("limit_ms", Int(Supervision.startLimit))
      }
    case .noneRuns: log.event(.error, "no_worker_runs")
    case .draining(let timeout): log.event(.info, "draining") { $0.member("timeout_ms", Int(timeout)) }
    case .reading:
      log.event(.info, "reloading") {
        $0.member("note", "certificates and keys are read again; a changed configuration takes a restart")
      }
    }
  }
}

extension Supervision.Cause {
  fileprivate func write(to line: JSONLine) {
    switch self {
    case .told: line.member("reason", "told")
    case .itself(.exited(let status)):
      line.member("reason", "exited")
      line.member("status", status)
    case .itself(.killed(let signal)):
      line.member("reason", "killed")
      line.member("signal", signal)
    case .cannotStart(let why):
      line.member("reason", "cannot_start")
      line.member("detail", text: why)
    }
  }
}
