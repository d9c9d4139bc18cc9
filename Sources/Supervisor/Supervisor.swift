package import Configuration
import Gateway
import Glibc
import Inbound
import JOSE
import Net
import Stages
import Telemetry

/// The process that starts the workers, watches over them, and answers the operator. It serves no client itself.
package final class Supervisor {
  /// Milliseconds between two looks at what the workers have counted: so much of it is lost at the most with one that
  /// is killed.
  private static let interval: UInt64 = 5_000
  /// Milliseconds for the last lines of the log.
  private static let lastLines: UInt64 = 5_000

  private struct Place {
    var process: WorkerProcess?
    var deadline: Deadline?
    var starts = 0
  }

  private let loop: Loop
  private let configuration: GatewayConfiguration
  private let source: ConfigurationSource
  private let lock: WriteLock
  private let output: OutputFile
  private let log: Log
  private let doors: Doors
  private let nonceKey: [UInt8]
  private var ticketKeys: TicketKeyRing
  /// Where the ids of requests begin.
  private let requests = UInt32.random(in: 1...UInt32.max)
  private var spawned: UInt32 = 0

  private var supervision: Supervision
  private var places: [Place]
  private var departed = MetricsSum()
  private var events: [Supervision.Event] = []
  private var isActing = false
  private var watchers: [SignalWatcher] = []
  private var deadlines: [Deadline] = []
  private var rollcall: Rollcall?
  private var admin: InboundService?
  private var status: Int32 = 0

  /// How many workers a configuration asks for on this machine.
  package static func workers(_ configuration: GatewayConfiguration) -> Int {
    configuration.workers.number(processors: Processors.available)
  }

  /// Runs the gateway by several workers until a signal ends it.
  ///
  /// - Returns: the exit status: 0 after a clean stop, 1 when it could not start.
  package static func serve(_ configuration: GatewayConfiguration, _ source: ConfigurationSource) -> Int32 {
    do {
      let supervisor = try Supervisor(configuration, source)
      try supervisor.start()
      return supervisor.run()
    } catch {
      return StandardError.fail("\(error)")
    }
  }

  private init(_ configuration: GatewayConfiguration, _ source: ConfigurationSource) throws {
    let loop = try Loop()
    let lock = try WriteLock()
    let output = OutputFile(loop, descriptor: STDOUT_FILENO, lock: lock)
    let workers = Self.workers(configuration)
    self.loop = loop
    self.configuration = configuration
    self.source = source
    self.lock = lock
    self.output = output
    log = Log(configuration.log) { output.append($0) }
    doors = Doors(configuration.listeners.map { (SocketAddress($0.address), $0.backlog) }, workers: workers)
    nonceKey = try SecureRandom.bytes(32)
    ticketKeys = try TicketKeyRing(listeners: configuration.listeners.count)
    supervision = Supervision(workers: workers, drain: UInt64(max(0, configuration.timeouts.drain.milliseconds)))
    places = Array(repeating: Place(), count: workers)
  }

  /// Opens all sockets and starts the workers, which tell later whether they can begin.
  private func start() throws(StartFailure) {
    log.event(.info, "workers") { line in
      line.member("count", places.count)
      line.member("configured", text: configuration.workers == .auto ? "auto" : "\(places.count)")
    }
    GatewayBuilder.raiseDescriptorLimit()
    do throws(StartFailure) {
      for place in places.indices { _ = try doors.open(place) }
      try openAdmin()
    } catch {
      doors.closeAll()
      throw error
    }
    for place in places.indices {
      places[place].deadline = Deadline(loop.deadlines) { [unowned self] in take(.timePassed(place)) }
    }
    watchSignals()
    every(TicketKeys.rotation / 1_000_000) { [unowned self] in rotateTicketKeys() }
    every(Self.interval) { [unowned self] in rollcall?.call {} }
    take(.begin)
  }

  private func openAdmin() throws(StartFailure) {
    let rollcall = Rollcall(loop) { [unowned self] in
      // Who owes an answer is asked nothing more: it does not turn up the sooner.
      let running = Set(
        places.indices.filter { supervision.isRunning($0) && places[$0].process?.isSilent == false })
      for place in running { places[place].process?.send(ControlMessage(.ask)) }
      return running
    } missed: { [unowned self] silent in
      for place in silent { places[place].process?.isSilent = true }
    }
    self.rollcall = rollcall
    guard let address = configuration.admin?.address else { return }
    admin = try AdminService.open(
      loop, SocketAddress(address), log,
      metrics: GatheredPage(MetricsPage { [unowned self] in census.render(to: $0) }, after: rollcall.call),
      health: HealthPage { [unowned self] in census.fault },
      readiness: GatheredPage(ReadinessPage { [unowned self] in census.obstacles }, after: rollcall.call))
  }

  private func watchSignals() {
    for number in [SIGTERM, SIGINT] {
      watchers.append(SignalWatcher(loop, number) { [unowned self] in take(.stop) })
    }
    watchers.append(SignalWatcher(loop, SIGHUP) { [unowned self] in take(.readFiles) })
  }

  private func every(_ interval: UInt64, _ action: @escaping () -> Void) {
    final class Target { weak var deadline: Deadline? }
    let target = Target()
    let deadline = Deadline(loop.deadlines) {
      action()
      target.deadline?.set(in: interval)
    }
    target.deadline = deadline
    deadlines.append(deadline)
    deadline.set(in: interval)
  }

  private func run() -> Int32 {
    loop.run()
    for watcher in watchers { watcher.stop() }
    return status
  }

  // MARK: Events and actions

  private func take(_ event: Supervision.Event) {
    events.append(event)
    guard !isActing else { return }
    isActing = true
    while !events.isEmpty {
      for action in supervision.take(events.removeFirst(), now: loop.now) { perform(action) }
    }
    isActing = false
  }

  private func perform(_ action: Supervision.Action) {
    switch action {
    case .start(let place): spawn(place)
    case .closeDoor(let place): doors.close(place)
    case .closeDoors: doors.closeAll()
    case .kill(let place): places[place].process?.kill()
    case .order(let place, let order): places[place].process?.send(ControlMessage(order))
    case .wake(let place, let time): places[place].deadline?.set(in: time)
    case .wakeAtStop(let time): wakeAtStop(time)
    case .report(let report): write(report)
    case .announce: announce()
    case .finish(let fault): finish(fault)
    }
  }

  private func spawn(_ place: Int) {
    do {
      let sockets = try doors.open(place)
      let process = try WorkerProcess(loop, number: place + 1, [lock.descriptor] + sockets) { [unowned self] message in
        heard(message, from: place)
      } ended: { [unowned self] ending in
        bury(place)
        take(.ended(place, ending))
      }
      places[place].process = process
      places[place].starts += 1
      process.send(plan(place).message)
    } catch {
      take(.notStarted(place, "\(error)"))
    }
  }

  private func plan(_ place: Int) -> WorkerPlan {
    spawned &+= 1
    return WorkerPlan(
      source: source, number: place + 1, workers: places.count, requests: requests &+ spawned, nonceKey: nonceKey,
      ticketKeys: ticketKeys.keys,
      ports: doors.addresses.map { if case .ip(_, let port) = $0 { port } else { 0 } })
  }

  private func heard(_ message: ControlMessage, from place: Int) {
    switch message.kind {
    case .ready: take(.ready(place))
    case .failed: take(.refused(place, message.text(0)))
    case .report: rollcall?.heard(place)
    case .begin, .drain, .cut, .readFiles, .ticketKeys, .ask: break
    }
  }

  /// What it has counted goes on to count.
  private func bury(_ place: Int) {
    departed.add(places[place].process?.metrics ?? "", countersOnly: true)
    places[place].process = nil
    rollcall?.heard(place)
  }

  private func wakeAtStop(_ time: UInt64) {
    let deadline = Deadline(loop.deadlines) { [unowned self] in take(.stopTimePassed) }
    deadlines.append(deadline)
    deadline.set(in: time)
  }

  private func rotateTicketKeys() {
    do throws(CryptoFailure) {
      try ticketKeys.rotate()
      for place in places { place.process?.send(ControlMessage(.ticketKeys, ticketKeys.keys.fields)) }
    } catch {
      // Without random numbers the old ones stay, until the next time.
    }
  }

  private var census: Census {
    Census(
      workers: places.enumerated().map { place, worker in
        Census.Worker(
          isRunning: supervision.isRunning(place), isSilent: worker.process?.isSilent ?? false,
          obstacles: worker.process?.obstacles ?? [], metrics: worker.process?.metrics ?? "",
          connections: worker.process?.connections ?? 0, restarts: max(0, worker.starts - 1))
      }, departed: departed, isDraining: supervision.isStopping)
  }

  // MARK: The log

  private func announce() {
    for (listener, address) in zip(configuration.listeners, doors.addresses) {
      log.event(.info, "listening") { line in
        line.member("address", text: address.description)
        line.member("tls", listener.tls == nil ? "off" : "on")
      }
    }
  }

  private func write(_ report: Supervision.Report) {
    report.write(to: log) { [places] in places[$0].process?.id }
  }

  private func finish(_ fault: String?) {
    if let fault {
      status = StandardError.fail(fault)
    } else {
      log.event(.info, "stopped")
    }
    let limit = Deadline(loop.deadlines) { [loop] in loop.stop() }
    deadlines.append(limit)
    limit.set(in: Self.lastLines)
    let last = { [output, loop] in output.drain { loop.stop() } }
    if let admin { admin.drain(timeout: 0, last) } else { last() }
  }
}

/// Messages for people.
enum StandardError {
  /// - Returns: the exit status that goes with it.
  static func fail(_ reason: String) -> Int32 {
    var message = "portcullis: \(reason)\n"
    message.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    return 1
  }
}
