package import Net
package import Pipeline

/// Bounds what local services compute in one turn of the loop. When a thousand people sign in at once, their requests
/// take turns with the streams that pass through: what does not fit into a turn waits for the next ones, in order.
package final class FairTurns {
  /// A piece of work whose turn may not have come.
  package final class Ticket: Cancellable {
    fileprivate var work: (() -> Void)?

    fileprivate init(_ work: @escaping () -> Void) { self.work = work }

    /// It is not done any more, unless it has been.
    package func cancel(_ reason: CancelReason) { work = nil }
  }

  /// Nanoseconds of work in one turn.
  private static let slice: UInt64 = 2_000_000

  private let loop: Loop
  private let clock: () -> UInt64
  private var waiting: ArraySlice<Ticket> = []
  private var next: Deadline?
  /// Milliseconds of the loop's clock, and nanoseconds of work since then.
  private var turn: UInt64 = 0
  private var spent: UInt64 = 0

  /// - Parameter clock: nanoseconds.
  package init(_ loop: Loop, clock: @escaping () -> UInt64 = { Loop.nanoseconds }) {
    self.loop = loop
    self.clock = clock
    next = Deadline(loop.deadlines) { [unowned self] in goOn() }
  }

  deinit { next?.invalidate() }

  /// Does `work` now, or in a later turn.
  ///
  /// - Returns: what to cancel; nil when it is done.
  package func take(_ work: @escaping () -> Void) -> Ticket? {
    if loop.now != turn, waiting.isEmpty { (turn, spent) = (loop.now, 0) }
    guard spent >= Self.slice || !waiting.isEmpty else {
      measure(work)
      return nil
    }
    if waiting.isEmpty { next?.set(in: 1) }
    let ticket = Ticket(work)
    waiting.append(ticket)
    return ticket
  }

  private func goOn() {
    (turn, spent) = (loop.now, 0)
    while spent < Self.slice, let ticket = waiting.popFirst() {
      guard let work = ticket.work else { continue }
      ticket.work = nil
      measure(work)
    }
    if waiting.isEmpty { waiting = [] } else { next?.set(in: 1) }
  }

  private func measure(_ work: () -> Void) {
    let begin = clock()
    work()
    spent += clock() - begin
  }
}
