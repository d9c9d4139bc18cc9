/// A parked request. Resumes once; a late or second answer is ignored.
package final class Suspension<Answer> {
  private enum State {
    /// The stage has not returned yet.
    case fresh
    case answered(Answer)
    case parked((Answer) -> Void)
    case over
  }
  private var state = State.fresh
  private var onCancel: (() -> Void)?

  package init() {}

  /// Gives the answer. Inside the stage's own call it is kept until the stage returns, so nothing recurses.
  package func resume(_ answer: Answer) {
    switch state {
    case .fresh: state = .answered(answer)
    case .parked(let continuation):
      state = .over
      onCancel = nil
      continuation(answer)
    case .answered, .over: break
    }
  }

  /// What to undo when the client goes away before the answer.
  package func onCancel(_ action: @escaping () -> Void) { onCancel = action }

  /// The answer if it is there; otherwise `continuation` will get it.
  package func park(_ continuation: @escaping (Answer) -> Void) -> Answer? {
    if case .answered(let answer) = state {
      state = .over
      return answer
    }
    if case .fresh = state { state = .parked(continuation) }
    return nil
  }
}

extension Suspension: Cancellable {
  package func cancel(_ reason: CancelReason) {
    state = .over
    let action = onCancel
    onCancel = nil
    action?()
  }
}

/// Why an exchange ends before its time.
package enum CancelReason: Sendable {
  /// The client closed or reset the connection or the stream.
  case clientGone
  /// The client sent something malformed behind the head.
  case clientFault
  /// A deadline of the gateway passed.
  case timedOut
  /// The gateway stops.
  case shutdown

  /// For the log line.
  package var name: StaticString {
    switch self {
    case .clientGone: "client_gone"
    case .clientFault: "malformed_body"
    case .timedOut: "timed_out"
    case .shutdown: "shutdown"
    }
  }
}

/// Work under way for an exchange that must end with it.
package protocol Cancellable: AnyObject {
  func cancel(_ reason: CancelReason)
}
