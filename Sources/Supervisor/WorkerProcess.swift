import Glibc
import Net
import Telemetry

/// A worker as the supervisor sees it: the process, the channel to it, and what it has last said.
final class WorkerProcess {
  let id: Int32
  private let process: ChildProcess
  private var channel: ControlChannel?
  private var ending: ChildProcess.Ending?
  private var isChannelOpen = true
  private let ended: (ChildProcess.Ending) -> Void

  /// Its numbers in the text format of Prometheus.
  private(set) var metrics = ""
  private(set) var obstacles: [String] = []
  /// It has not answered the last question in time.
  var isSilent = false

  /// - Parameters:
  ///   - descriptors: what it inherits.
  ///   - received: called with each message but reports, which are kept.
  ///   - ended: called once, when it has ended and everything that it has said has been heard.
  init(
    _ loop: Loop, number: Int, _ descriptors: [Int32], received: @escaping (ControlMessage) -> Void,
    ended: @escaping (ChildProcess.Ending) -> Void
  ) throws(NetFailure) {
    self.ended = ended
    final class Target { weak var worker: WorkerProcess? }
    let target = Target()
    let name = CommandLine.arguments.first ?? "portcullis"
    // Of the very program that runs, also when its file has been replaced meanwhile.
    process = try ChildProcess(loop, "/proc/self/exe", [name, "worker", "\(number)"], descriptors) { ending in
      target.worker?.ending = ending
      target.worker?.endIfOver()
    }
    id = process.id
    channel = ControlChannel(process.channel) { message in
      if message.kind == .report { target.worker?.keep(message) }
      received(message)
    } ended: {
      target.worker?.isChannelOpen = false
      target.worker?.endIfOver()
    }
    target.worker = self
  }

  private func keep(_ report: ControlMessage) {
    metrics = report.text(0)
    obstacles = report.fields.indices.dropFirst().map { report.text($0) }
    isSilent = false
  }

  private func endIfOver() {
    guard !isChannelOpen, let ending else { return }
    channel = nil
    ended(ending)
  }

  func send(_ message: ControlMessage) { channel?.send(message) }

  func kill() { process.send(signal: SIGKILL) }

  /// Of all its listeners.
  var connections: Int {
    var sum = MetricsSum()
    sum.add(metrics)
    return sum.total(of: "portcullis_connections_open")
  }
}
