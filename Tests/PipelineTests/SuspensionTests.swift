import Testing

@testable import Pipeline

struct SuspensionTests {
  @Test func anAnswerBeforeParkingIsKept() {
    let suspension = Suspension<Int>()
    suspension.resume(1)
    suspension.resume(2)
    #expect(suspension.park { _ in Issue.record("answered already") } == 1)
    suspension.resume(3)
    #expect(suspension.park { _ in Issue.record("over") } == nil)
  }

  @Test func anAnswerAfterParkingGoesToTheContinuation() {
    let suspension = Suspension<Int>()
    var answers: [Int] = []
    #expect(suspension.park { answers.append($0) } == nil)
    suspension.resume(1)
    suspension.resume(2)
    #expect(answers == [1])
  }

  @Test func cancellingRunsTheUndoOnceAndDropsTheAnswer() {
    let suspension = Suspension<Int>()
    var undone = 0
    suspension.onCancel { undone += 1 }
    #expect(suspension.park { _ in Issue.record("cancelled") } == nil)
    suspension.cancel(.clientGone)
    suspension.cancel(.clientGone)
    suspension.resume(1)
    #expect(undone == 1)
  }

  @Test func nothingIsUndoneBehindTheAnswer() {
    let suspension = Suspension<Int>()
    suspension.onCancel { Issue.record("answered already") }
    #expect(suspension.park { _ in } == nil)
    suspension.resume(1)
    suspension.cancel(.timedOut)
  }

  @Test func theUndoIsReleasedWithTheAnswer() {
    final class Waiter {}
    weak var released: Waiter?
    let suspension = Suspension<Int>()
    do {
      let waiter = Waiter()
      released = waiter
      suspension.onCancel { withExtendedLifetime(waiter) {} }
      #expect(suspension.park { _ in } == nil)
    }
    #expect(released != nil)
    suspension.resume(1)
    #expect(released == nil)
  }
}
