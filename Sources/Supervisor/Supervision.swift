import Net

/// Decides what becomes of the workers: events in, actions out. Workers are known by their place, from 0 on. Times in
/// milliseconds of a clock that never goes back.
struct Supervision {
  enum Event: Equatable {
    case begin
    /// It serves.
    case ready(Int)
    /// It says why it cannot start; its end follows.
    case refused(Int, String)
    case ended(Int, ChildProcess.Ending)
    /// No process could be made, or no socket for it.
    case notStarted(Int, String)
    /// The time that was set for one has passed.
    case timePassed(Int)
    /// The time for all to end has passed.
    case stopTimePassed
    /// SIGTERM or SIGINT.
    case stop
    /// SIGHUP.
    case readFiles
  }

  enum Action: Equatable {
    /// Make a process, and sockets if it has none.
    case start(Int)
    /// Nobody will accept there for a while: others get what comes.
    case closeDoor(Int)
    case closeDoors
    case kill(Int)
    case order(Int, ControlMessage.Kind)
    /// Come back after a time; replaces an earlier one.
    case wake(Int, after: UInt64)
    case wakeAtStop(after: UInt64)
    case report(Report)
    /// All have started for the first time.
    case announce
    /// - Parameter fault: why the start has failed.
    case finish(fault: String?)
  }

  enum Report: Equatable {
    case started(Int)
    /// - Parameter restart: milliseconds until it is started again; nil: it is not.
    case ended(Int, Cause, restart: UInt64?)
    case slow(Int)
    /// All have ended and wait.
    case noneRuns
    case draining(timeout: UInt64)
    case reading
  }

  enum Cause: Equatable {
    case told
    case itself(ChildProcess.Ending)
    case cannotStart(String)
  }

  private enum State: Equatable {
    case starting
    case running(since: UInt64)
    case waiting
    case gone
  }

  private enum Phase: Equatable {
    case starting
    case failing(String)
    case serving
    /// - Parameter isCut: told to end at once.
    case stopping(isCut: Bool)
    case over
  }

  private struct Worker {
    var state = State.gone
    var backoff = Backoff()
    var refusal: String?
  }

  /// Until a worker must serve.
  static let startLimit: UInt64 = 60_000
  /// Beyond the time for draining, and behind an order to end at once.
  static let grace: UInt64 = 5_000

  private var workers: [Worker]
  private var phase = Phase.starting
  private let drain: UInt64

  /// - Parameter drain: the time that running requests get.
  init(workers: Int, drain: UInt64) {
    self.workers = Array(repeating: Worker(), count: workers)
    self.drain = drain
  }

  func isRunning(_ place: Int) -> Bool {
    if case .running = workers[place].state { return true }
    return false
  }

  var isStopping: Bool {
    if case .stopping = phase { return true }
    return false
  }

  private var living: [Int] { workers.indices.filter { isLiving($0) } }

  private func isLiving(_ place: Int) -> Bool {
    switch workers[place].state {
    case .starting, .running: true
    case .waiting, .gone: false
    }
  }

  mutating func take(_ event: Event, now: UInt64) -> [Action] {
    switch event {
    case .begin: workers.indices.flatMap { start($0) }
    case .ready(let place): ready(place, now)
    case .refused(let place, let reason): refused(place, reason)
    case .ended(let place, let ending): ended(place, .itself(ending), now)
    case .notStarted(let place, let reason): ended(place, .cannotStart(reason), now)
    case .timePassed(let place): timePassed(place)
    case .stopTimePassed: living.map { .kill($0) }
    case .stop: stop()
    case .readFiles: readFiles()
    }
  }

  private mutating func start(_ place: Int) -> [Action] {
    workers[place].state = .starting
    workers[place].refusal = nil
    return [.start(place), .wake(place, after: Self.startLimit)]
  }

  private mutating func ready(_ place: Int, _ now: UInt64) -> [Action] {
    guard workers[place].state == .starting else { return [] }
    workers[place].state = .running(since: now)
    guard !isStopping else { return [] }
    var actions: [Action] = [.report(.started(place))]
    if phase == .starting, workers.indices.allSatisfy({ isRunning($0) }) {
      phase = .serving
      actions.append(.announce)
    }
    return actions
  }

  private mutating func refused(_ place: Int, _ reason: String) -> [Action] {
    workers[place].refusal = reason
    return phase == .starting ? fail(reason) : []
  }

  /// The first start has failed, and so has the program.
  private mutating func fail(_ reason: String) -> [Action] {
    phase = .failing(reason)
    return [.closeDoors] + (living.isEmpty ? finish() : living.map { .kill($0) })
  }

  private mutating func finish() -> [Action] {
    var fault: String?
    if case .failing(let reason) = phase { fault = reason }
    phase = .over
    return [.finish(fault: fault)]
  }

  private mutating func ended(_ place: Int, _ how: Cause, _ now: UInt64) -> [Action] {
    guard isLiving(place) else { return [] }
    var ran: UInt64 = 0
    if case .running(let since) = workers[place].state { ran = max(1, now - since) }
    let cause = workers[place].refusal.map { .cannotStart($0) } ?? how
    workers[place].state = .gone
    switch phase {
    case .starting: return fail(Self.words(place, cause))
    case .failing: return living.isEmpty ? finish() : []
    case .stopping:
      let isAsTold = how == .itself(.exited(0))
      return [.report(.ended(place, isAsTold ? .told : cause, restart: nil))] + (living.isEmpty ? finish() : [])
    case .serving: return again(place, cause, ran)
    case .over: return []
    }
  }

  private mutating func again(_ place: Int, _ cause: Cause, _ ran: UInt64) -> [Action] {
    let delay = workers[place].backoff.delay(ran: ran)
    let report = Action.report(.ended(place, cause, restart: delay))
    // What waits in the kernel's queue waits for the next one, if that comes at once.
    guard delay > 0 else { return [report] + start(place) }
    workers[place].state = .waiting
    return [report, .closeDoor(place), .wake(place, after: delay)] + (living.isEmpty ? [.report(.noneRuns)] : [])
  }

  private mutating func timePassed(_ place: Int) -> [Action] {
    switch workers[place].state {
    case .starting: [.report(.slow(place)), .kill(place)]
    case .waiting: start(place)
    case .running, .gone: []
    }
  }

  private mutating func stop() -> [Action] {
    switch phase {
    case .starting, .serving:
      phase = .stopping(isCut: false)
      for place in workers.indices where workers[place].state == .waiting { workers[place].state = .gone }
      let orders = living.map { Action.order($0, .drain) }
      // Its own sockets first: what comes behind them is refused, not left waiting.
      return [.report(.draining(timeout: drain)), .closeDoors] + orders
        + (living.isEmpty ? finish() : [.wakeAtStop(after: drain + Self.grace)])
    case .stopping(isCut: false):
      phase = .stopping(isCut: true)
      return living.map { .order($0, .cut) } + [.wakeAtStop(after: Self.grace)]
    case .stopping: return living.map { .kill($0) }
    case .failing, .over: return []
    }
  }

  private func readFiles() -> [Action] {
    phase == .serving || phase == .starting ? [.report(.reading)] + living.map { .order($0, .readFiles) } : []
  }

  /// For people, at a start that fails.
  private static func words(_ place: Int, _ cause: Cause) -> String {
    switch cause {
    case .cannotStart(let reason): reason
    case .itself(.exited(let status)): "worker \(place + 1) ended with status \(status) before it served"
    case .itself(.killed(let signal)): "worker \(place + 1) was killed by signal \(signal) before it served"
    case .told: "worker \(place + 1) ended before it served"
    }
  }
}
