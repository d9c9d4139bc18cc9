import Bytes
import Telemetry

/// What the operator is told about all workers together.
struct Census {
  struct Worker {
    var isRunning: Bool
    var isSilent = false
    var obstacles: [String] = []
    var metrics = ""
    var connections = 0
    var restarts = 0
  }

  var workers: [Worker]
  /// What those have counted that are gone.
  var departed = MetricsSum()
  var isDraining = false

  /// Why nothing is served.
  var fault: String? { workers.contains(where: \.isRunning) ? nil : "no worker runs" }

  /// What is in the way: nothing as long as half of the workers can do all of their work.
  var obstacles: [String] {
    if isDraining { return ["draining"] }
    let inTheWay = workers.map(Self.obstacles)
    guard inTheWay.count(where: \.isEmpty) * 2 < workers.count else { return [] }
    return inTheWay.enumerated().flatMap { index, lines in lines.map { "worker \(index + 1): \($0)" } }
  }

  private static func obstacles(_ worker: Worker) -> [String] {
    if !worker.isRunning { return ["does not run"] }
    return worker.isSilent ? ["does not answer"] : worker.obstacles
  }

  /// The sums over all workers, and what tells them apart.
  func render(to buffer: ByteBuffer) {
    var sum = departed
    for worker in workers { sum.add(worker.metrics) }
    sum.add(
      Self.family("worker_up", "gauge", "Whether the worker runs and answers.", workers) {
        $0.isRunning && !$0.isSilent ? 1 : 0
      })
    sum.add(
      Self.family("worker_restarts_total", "counter", "How often the worker was started again.", workers) {
        $0.restarts
      })
    sum.add(
      Self.family("worker_connections_open", "gauge", "Connections of clients that the worker has.", workers) {
        $0.connections
      })
    sum.render(to: buffer)
  }

  private static func family(
    _ name: String, _ type: String, _ help: String, _ workers: [Worker], _ value: (Worker) -> Int
  ) -> String {
    let name = "portcullis_\(name)"
    let samples = workers.enumerated().map { "\(name){worker=\"\($0 + 1)\"} \(value($1))\n" }
    return "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(samples.joined())"
  }
}
