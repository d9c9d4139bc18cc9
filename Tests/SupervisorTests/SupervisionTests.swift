import Net
import Testing

@testable import Supervisor

/// What two workers and the world do, and what the supervisor does about it.
struct SupervisionTests {
  typealias Step = (now: UInt64, event: Supervision.Event, actions: [Supervision.Action])

  private func check(_ steps: [Step], sourceLocation: SourceLocation = #_sourceLocation) {
    var supervision = Supervision(workers: 2, drain: 1_000)
    for (index, step) in steps.enumerated() {
      let actions = supervision.take(step.event, now: step.now)
      #expect(actions == step.actions, "step \(index): \(step.event)", sourceLocation: sourceLocation)
    }
  }

  private static let limit = Supervision.startLimit
  private static let begin: Step = (
    0, .begin, [.start(0), .wake(0, after: limit), .start(1), .wake(1, after: limit)]
  )
  /// Both serve from 100 on.
  private static let serving: [Step] = [
    begin,
    (50, .ready(1), [.report(.started(1))]),
    (100, .ready(0), [.report(.started(0)), .announce]),
  ]
  private static let draining: [Supervision.Action] = [
    .report(.draining(timeout: 1_000)), .closeDoors, .order(0, .drain), .order(1, .drain),
    .wakeAtStop(after: 1_000 + Supervision.grace),
  ]

  @Test func aStopIsPassedOnAndWaitedFor() {
    check(
      Self.serving + [
        (200, .stop, Self.draining),
        (300, .ended(1, .exited(0)), [.report(.ended(1, .told, restart: nil))]),
        (400, .ended(0, .killed(11)), [.report(.ended(0, .itself(.killed(11)), restart: nil)), .finish(fault: nil)]),
        (500, .stop, []),
      ])
  }

  @Test func theSecondStopDoesNotWaitAndTheThirdKills() {
    check(
      Self.serving + [
        (200, .stop, Self.draining),
        (201, .stop, [.order(0, .cut), .order(1, .cut), .wakeAtStop(after: Supervision.grace)]),
        (202, .stop, [.kill(0), .kill(1)]),
        (203, .ended(0, .killed(9)), [.report(.ended(0, .itself(.killed(9)), restart: nil))]),
        (204, .ended(1, .exited(0)), [.report(.ended(1, .told, restart: nil)), .finish(fault: nil)]),
      ])
  }

  @Test func whoDoesNotEndInTimeIsKilled() {
    check(
      Self.serving + [
        (200, .stop, Self.draining),
        (300, .ended(1, .exited(0)), [.report(.ended(1, .told, restart: nil))]),
        (6_200, .stopTimePassed, [.kill(0)]),
        (6_201, .ended(0, .killed(9)), [.report(.ended(0, .itself(.killed(9)), restart: nil)), .finish(fault: nil)]),
      ])
  }

  @Test func aStopBeforeAllServe() {
    check([
      Self.begin,
      (50, .ready(1), [.report(.started(1))]),
      (60, .stop, Self.draining),
      (70, .ready(0), []),
      (80, .ended(0, .exited(0)), [.report(.ended(0, .told, restart: nil))]),
      (90, .ended(1, .exited(0)), [.report(.ended(1, .told, restart: nil)), .finish(fault: nil)]),
    ])
  }

  /// At once the first time: what waits in its queue waits for the next one. Then its sockets close.
  @Test func whoEndsIsStartedAgain() {
    check(
      Self.serving + [
        (
          200, .ended(0, .killed(9)),
          [.report(.ended(0, .itself(.killed(9)), restart: 0)), .start(0), .wake(0, after: Self.limit)]
        ),
        (300, .ready(0), [.report(.started(0))]),
        (
          400, .ended(0, .exited(3)),
          [.report(.ended(0, .itself(.exited(3)), restart: 1_000)), .closeDoor(0), .wake(0, after: 1_000)]
        ),
        (450, .readFiles, [.report(.reading), .order(1, .readFiles)]),
        (1_400, .timePassed(0), [.start(0), .wake(0, after: Self.limit)]),
        (1_500, .ready(0), [.report(.started(0))]),
        (Self.limit + 400, .timePassed(0), []),
        // It ran well, and so begins anew.
        (
          70_000, .ended(0, .killed(9)),
          [.report(.ended(0, .itself(.killed(9)), restart: 0)), .start(0), .wake(0, after: Self.limit)]
        ),
      ])
  }

  @Test func allThatFailAreTriedForEver() {
    check(
      Self.serving + [
        (
          200, .ended(0, .killed(9)),
          [.report(.ended(0, .itself(.killed(9)), restart: 0)), .start(0), .wake(0, after: Self.limit)]
        ),
        (
          200, .ended(1, .killed(9)),
          [.report(.ended(1, .itself(.killed(9)), restart: 0)), .start(1), .wake(1, after: Self.limit)]
        ),
        (300, .refused(0, "no"), []),
        (
          310, .ended(0, .exited(0)),
          [.report(.ended(0, .cannotStart("no"), restart: 1_000)), .closeDoor(0), .wake(0, after: 1_000)]
        ),
        (
          320, .notStarted(1, "no memory"),
          [
            .report(.ended(1, .cannotStart("no memory"), restart: 1_000)), .closeDoor(1), .wake(1, after: 1_000),
            .report(.noneRuns),
          ]
        ),
        (1_310, .timePassed(0), [.start(0), .wake(0, after: Self.limit)]),
        (1_320, .timePassed(1), [.start(1), .wake(1, after: Self.limit)]),
        // Its time to begin is over.
        (61_310, .timePassed(0), [.report(.slow(0)), .kill(0)]),
        (
          61_311, .ended(0, .killed(9)),
          [.report(.ended(0, .itself(.killed(9)), restart: 2_000)), .closeDoor(0), .wake(0, after: 2_000)]
        ),
        (
          61_400, .stop,
          [
            .report(.draining(timeout: 1_000)), .closeDoors, .order(1, .drain),
            .wakeAtStop(after: 1_000 + Supervision.grace),
          ]
        ),
        (61_500, .ended(1, .exited(0)), [.report(.ended(1, .told, restart: nil)), .finish(fault: nil)]),
      ])
  }

  @Test func aStopWhileNobodyRuns() {
    var steps = Self.serving
    for place in [0, 1] {
      steps.append(
        (
          200, .ended(place, .killed(9)),
          [.report(.ended(place, .itself(.killed(9)), restart: 0)), .start(place), .wake(place, after: Self.limit)]
        ))
    }
    for place in [0, 1] {
      steps.append(
        (
          300, .ended(place, .killed(9)),
          [
            .report(.ended(place, .itself(.killed(9)), restart: 1_000)), .closeDoor(place), .wake(place, after: 1_000),
          ] + (place == 1 ? [.report(.noneRuns)] : [])
        ))
    }
    steps.append((400, .stop, [.report(.draining(timeout: 1_000)), .closeDoors, .finish(fault: nil)]))
    check(steps)
  }

  @Test(
    arguments: [
      (.refused(0, "cannot read"), "cannot read"),
      (.ended(0, .exited(1)), "worker 1 ended with status 1 before it served"),
      (.ended(0, .killed(11)), "worker 1 was killed by signal 11 before it served"),
      (.notStarted(0, "no process"), "no process"),
    ] as [(Supervision.Event, String)])
  func aFirstStartThatFailsIsTheEnd(event: Supervision.Event, fault: String) {
    let isGone = if case .refused = event { false } else { true }
    check([
      Self.begin,
      (50, .ready(1), [.report(.started(1))]),
      (60, event, [.closeDoors] + (isGone ? [.kill(1)] : [.kill(0), .kill(1)])),
      (70, .stop, []),
      (80, .ended(1, .killed(9)), isGone ? [.finish(fault: fault)] : []),
      (90, .ended(0, .killed(9)), isGone ? [] : [.finish(fault: fault)]),
    ])
  }

  @Test func filesAreReadByAllThatLive() {
    check(
      [Self.begin, (10, .readFiles, [.report(.reading), .order(0, .readFiles), .order(1, .readFiles)])]
        + Self.serving.dropFirst() + [
          (200, .stop, Self.draining),
          (210, .readFiles, []),
        ])
  }
}
