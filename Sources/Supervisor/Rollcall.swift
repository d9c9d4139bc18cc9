import Net

/// Asks the workers how they are, and waits for their answers, but not for long.
final class Rollcall {
  /// Milliseconds that an answer may take.
  static let patience: UInt64 = 1_000

  private let ask: () -> Set<Int>
  private let missed: (Set<Int>) -> Void
  private var awaited: Set<Int> = []
  private var waiters: [() -> Void] = []
  private var deadline: Deadline?

  /// - Parameters:
  ///   - ask: asks all that run, and says which.
  ///   - missed: told who has not answered in time.
  init(_ loop: Loop, ask: @escaping () -> Set<Int>, missed: @escaping (Set<Int>) -> Void) {
    self.ask = ask
    self.missed = missed
    deadline = Deadline(loop.deadlines) { [unowned self] in
      missed(awaited)
      finish()
    }
  }

  deinit { deadline?.invalidate() }

  /// Calls back when all have answered, or the time for it has passed. Who comes while others wait, waits with them.
  func call(_ done: @escaping () -> Void) {
    waiters.append(done)
    guard waiters.count == 1 else { return }
    awaited = ask()
    if awaited.isEmpty { finish() } else { deadline?.set(in: Self.patience) }
  }

  /// It has answered, or is gone.
  func heard(_ place: Int) {
    guard awaited.remove(place) != nil, awaited.isEmpty else { return }
    finish()
  }

  private func finish() {
    deadline?.clear()
    awaited = []
    let waiting = waiters
    waiters = []
    for done in waiting { done() }
  }
}
