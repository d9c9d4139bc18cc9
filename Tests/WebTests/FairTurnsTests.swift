import Net
import Pipeline
import Testing

@testable import Web

@Suite struct FairTurnsTests {
  @Test func whatDoesNotFitWaitsInOrder() throws {
    let test = try TestLoop()
    var time: UInt64 = 0
    var done: [Int] = []
    let turns = FairTurns(test.loop) { time }
    // Each takes 1.5 ms: two of them are more than a turn has.
    let tickets = (0..<6).map { number in
      turns.take {
        time += 1_500_000
        done.append(number)
      }
    }
    #expect(done == [0, 1] && tickets.map { $0 == nil } == [true, true, false, false, false, false])
    tickets[3]?.cancel(.clientGone)
    try test.run { done.count == 5 }
    #expect(done == [0, 1, 2, 4, 5])
  }

  @Test func workThatComesWhileOthersWaitDoesNotOvertake() throws {
    let test = try TestLoop()
    var time: UInt64 = 0
    var done: [Int] = []
    let turns = FairTurns(test.loop) { time }
    func add(_ number: Int, _ more: (() -> Void)? = nil) {
      _ = turns.take {
        time += 2_000_000
        done.append(number)
        more?()
      }
    }
    add(0)
    add(1) { add(3) }
    add(2)
    try test.run { done.count == 4 }
    #expect(done == [0, 1, 2, 3])
  }

  @Test func shortWorkIsDoneAtOnce() throws {
    let test = try TestLoop()
    var count = 0
    let turns = FairTurns(test.loop) { 0 }
    for _ in 0..<1000 { #expect(turns.take { count += 1 } == nil) }
    #expect(count == 1000)
  }
}
