package import HTTP

/// What a stage decides, at once.
package enum Verdict {
  /// The next stage's turn.
  case proceed
  /// Answered: the document is ready.
  case respond(Reply)
  /// Refused.
  case reject(Rejection)
  /// To be decided later; the suspension says when.
  case suspended(Suspension<Verdict>)
  /// The stage answers by itself from here on (the proxy).
  case taken
}

/// What the gate decides: the one place where an `Admission` is issued.
package enum GateVerdict {
  case admit(Admission)
  case reject(Rejection)
  case suspended(Suspension<GateVerdict>)
}

/// What all stages share.
package protocol Step: AnyObject {
  /// For logs.
  var label: StaticString { get }
}

/// A step that also looks at the response on its way back.
package protocol AmendingStep: Step {
  /// Changes the head of a response, whoever made it; called in reverse order of the stages.
  func amend(_ head: ResponseHead, _ exchange: Exchange)
}

/// A step that looks at every request of its route.
package protocol Stage: Step {
  func handle(_ exchange: Exchange) -> Verdict
}

/// The step that decides who may pass.
package protocol Gate: Step {
  func admit(_ exchange: Exchange) -> GateVerdict
}

/// A step behind the gate; it cannot be called without the proof.
package protocol AdmittedStage: Step {
  func handle(_ exchange: Exchange, _ admission: Admission) -> Verdict
}

/// The stages of a route in the order a request meets them.
package final class RequestPath {
  let open: [any Stage]
  let gate: (any Gate)?
  let admitted: [any AdmittedStage]
  /// Those that look at the response, in reverse order.
  let amending: [any AmendingStep]

  /// A route to a backend.
  package init(_ open: [any Stage], gate: any Gate, admitted: [any AdmittedStage]) {
    self.open = open
    self.gate = gate
    self.admitted = admitted
    let steps: [any Step] = open + [gate] + admitted
    amending = steps.reversed().compactMap { $0 as? any AmendingStep }
  }

  /// A route that the gateway answers itself: nothing behind it, so nothing to guard.
  package init(local stages: [any Stage]) {
    open = stages
    gate = nil
    admitted = []
    amending = stages.reversed().compactMap { $0 as? any AmendingStep }
  }
}
