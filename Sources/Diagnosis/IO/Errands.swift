import Net

/// Does one thing after the other on a loop of its own, and waits for each: these tools have nobody else to serve. No
/// wait is longer than it may be, nor all together.
final class Errands {
  let loop: Loop
  private let end: UInt64

  /// - Parameter limit: milliseconds for all.
  init(limit: UInt64) throws(NetFailure) {
    loop = try Loop()
    end = loop.now + limit
  }

  /// Begins something that calls back, and waits for it.
  ///
  /// - Parameters:
  ///   - limit: milliseconds.
  ///   - late: what it is worth when it has not called back by then.
  func wait<Answer>(limit: UInt64, late: Answer, _ begin: (@escaping (Answer) -> Void) -> Void) -> Answer {
    var answer: Answer?
    var isOver = loop.now >= end
    guard !isOver else { return late }
    // The loop is stopped from inside only: a stop before would be of the next wait.
    var isRunning = false
    var isStopped = false
    func stop() {
      isStopped = true
      if isRunning { loop.stop() }
    }
    let deadline = Deadline(loop.deadlines) {
      isOver = true
      stop()
    }
    deadline.set(at: min(loop.now + limit, end))
    begin {
      if answer == nil { answer = $0 }
      stop()
    }
    while answer == nil, !isOver {
      isStopped = false
      isRunning = true
      loop.run()
      isRunning = false
      // Nothing is left that could call back.
      if !isStopped { break }
    }
    deadline.invalidate()
    return answer ?? late
  }
}
