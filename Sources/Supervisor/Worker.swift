import Bytes
import Configuration
import Gateway
import Glibc
import Net
import Pipeline
import Telemetry

/// A process that serves clients beside others. It takes orders from its supervisor alone: signals reach the whole
/// group from a terminal or a service manager, and one that the supervisor has passed on would be the second.
package final class Worker {
  private let loop: Loop
  private let lock = WriteLock(inherited: ChildProcess.firstDescriptor)
  private let output: OutputFile
  private var channel: ControlChannel?
  private var log: Log?
  private var gateway: RunningGateway?
  private var ticketKeys: [TicketKeys] = []
  /// Milliseconds.
  private var drainTimeout: UInt64 = 0
  private var isDraining = false
  private var limit: Deadline?

  /// Serves until the supervisor says that it is over, or is gone.
  ///
  /// - Returns: the exit status; nil: this is no worker.
  package static func run() -> Int32? {
    var file = stat()
    guard fstat(ChildProcess.channelDescriptor, &file) == 0, file.st_mode & S_IFMT == S_IFSOCK else { return nil }
    for number in [SIGTERM, SIGINT, SIGHUP] { signal(number, SIG_IGN) }
    do throws(NetFailure) {
      let worker = try Worker()
      worker.loop.run()
      return 0
    } catch {
      return StandardError.fail("\(error)")
    }
  }

  private init() throws(NetFailure) {
    loop = try Loop()
    output = OutputFile(loop, descriptor: STDOUT_FILENO, lock: lock)
    channel = ControlChannel(try Transport.toParent(loop)) { [unowned self] message in
      take(message)
    } ended: { [unowned self] in
      leaveAlone()
    }
  }

  private func take(_ message: ControlMessage) {
    switch message.kind {
    case .begin: begin(message)
    case .drain: drain()
    case .cut: loop.stop()
    case .readFiles: gateway?.readFiles()
    case .ticketKeys: replaceTicketKeys(TicketKeyRing.Keys(fields: message.fields))
    case .ask: report()
    case .ready, .failed, .report: break
    }
  }

  private func begin(_ message: ControlMessage) {
    guard gateway == nil, let plan = WorkerPlan(message) else { return fail("the supervisor's words make no sense") }
    let result = plan.source.load()
    guard let configuration = result.configuration else {
      return fail(result.diagnostics.map(\.rendered).joined(separator: "\n"))
    }
    RequestID.begin(process: plan.requests)
    let log = Log(configuration.log, worker: plan.number) { [output] in output.append($0) }
    output.onDropped = { [unowned log] count in
      log.event(.warning, "log_lines_dropped") { $0.member("lines", count) }
    }
    self.log = log
    drainTimeout = UInt64(max(0, configuration.timeouts.drain.milliseconds))
    do throws(StartFailure) {
      gateway = try GatewayBuilder(loop, configuration, log, place(plan, configuration)).start()
      channel?.send(ControlMessage(.ready))
    } catch {
      fail("\(error)")
    }
  }

  private func place(_ plan: WorkerPlan, _ configuration: GatewayConfiguration) -> WorkerPlace {
    ticketKeys = configuration.listeners.indices.map { index in
      let keys = plan.ticketKeys.listeners
      return TicketKeys(shared: keys.indices.contains(index) ? keys[index] : [])
    }
    let doors = configuration.listeners.enumerated().map { index, listener in
      var address = SocketAddress(listener.address)
      if case .ip(let host, _) = address, plan.ports.indices.contains(index) {
        address = .ip(host, port: plan.ports[index])
      }
      // The lock of the log comes first.
      let socket = ChildProcess.firstDescriptor + 1 + Int32(index)
      return WorkerPlace.Door(address: address, socket: socket, ticketKeys: ticketKeys[index])
    }
    return WorkerPlace(share: WorkerShare(workers: plan.workers), doors: doors, nonceKey: plan.nonceKey)
  }

  /// Says why, and ends.
  private func fail(_ reason: String) {
    channel?.send(ControlMessage(.failed, [Array(reason.utf8)]))
    channel?.closeWhenFlushed { [loop] in loop.stop() }
  }

  private func replaceTicketKeys(_ keys: TicketKeyRing.Keys) {
    for (mine, new) in zip(ticketKeys, keys.listeners) { mine.replace(new) }
  }

  private func report() {
    guard let gateway else { return }
    let buffer = ByteBuffer()
    gateway.renderMetrics(to: buffer)
    channel?.send(ControlMessage(.report, [[UInt8](buffer.view)] + gateway.obstacles.map { Array($0.utf8) }))
  }

  private func drain() {
    guard !isDraining, let gateway else { return }
    isDraining = true
    gateway.drain(timeout: drainTimeout) { [self] in
      report()
      output.drain { [self] in
        channel?.closeWhenFlushed { [loop] in loop.stop() }
      }
    }
  }

  /// The supervisor is gone: nobody restarts or stops this process any more, so it ends by itself, and in time.
  private func leaveAlone() {
    guard gateway != nil else { return loop.stop() }
    if !isDraining { log?.event(.error, "supervisor_gone") { $0.member("timeout_ms", Int(drainTimeout)) } }
    let limit = Deadline(loop.deadlines) { _exit(1) }
    self.limit = limit
    limit.set(in: drainTimeout + Supervision.grace)
    drain()
  }
}
