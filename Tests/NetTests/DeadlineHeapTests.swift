import Testing

@testable import Net

struct DeadlineHeapTests {
  private let test: TestLoop
  private var heap: DeadlineHeap { test.loop.deadlines }

  init() throws { test = try TestLoop() }

  @Test func firesInTheOrderOfTheMoments() throws {
    var fired: [UInt64] = []
    var all: [Deadline] = []
    for delay: UInt64 in [9, 1, 5, 3, 7, 1, 0, 12] {
      let deadline = Deadline(heap) { fired.append(delay) }
      deadline.set(in: delay)
      all.append(deadline)
    }
    try test.run(until: { fired.count == 8 })
    #expect(fired == [0, 1, 1, 3, 5, 7, 9, 12])
    #expect(all.allSatisfy { $0.due == Deadline.never })
  }

  @Test func neverFiresEarly() throws {
    var early = 0
    var fired = 0
    for delay in 0..<20 as Range<UInt64> {
      let due = test.loop.now + delay
      let loop = test.loop
      Deadline(heap) {
        fired += 1
        if loop.now < due { early += 1 }
      }.set(at: due)
    }
    try test.run(until: { fired == 20 })
    #expect(early == 0)
  }

  /// Postponed again and again, as a connection does with each byte: it fires once, and not before its last moment.
  @Test func postponing() throws {
    var fired = 0
    let loop = test.loop
    var last: UInt64 = 0
    var firedAt: UInt64 = 0
    let deadline = Deadline(heap) {
      fired += 1
      firedAt = loop.now
    }
    deadline.set(in: 1)
    for _ in 0..<5 where fired == 0 {
      deadline.set(in: 20)
      last = deadline.due
      try test.run(for: 5)
    }
    try test.run(until: { fired > 0 })
    #expect(firedAt >= last)
    try test.run(for: 25)
    #expect(fired == 1)
  }

  @Test func bringingForward() throws {
    var order: [String] = []
    let late = Deadline(heap) { order.append("late") }
    let other = Deadline(heap) { order.append("other") }
    late.set(in: 5_000)
    other.set(in: 5)
    late.set(in: 1)
    try test.run(until: { order.count == 2 })
    #expect(order == ["late", "other"])
    #expect(other.due == Deadline.never)
  }

  @Test func clearedAndSetAgain() throws {
    var fired = 0
    let deadline = Deadline(heap) { fired += 1 }
    deadline.set(in: 1)
    deadline.clear()
    try test.run(for: 5)
    #expect(fired == 0)
    deadline.set(in: 1)
    try test.run(until: { fired == 1 })
    // Cleared while it is queued, then set to a later moment than the one it is queued for.
    deadline.set(in: 1)
    deadline.clear()
    deadline.set(in: 4)
    try test.run(until: { fired == 2 })
  }

  @Test func setAgainInsideItsAction() throws {
    var fired = 0
    var deadline: Deadline?
    deadline = Deadline(heap) {
      fired += 1
      if fired < 5 { deadline?.set(in: 1) }
    }
    deadline?.set(in: 1)
    try test.run(until: { fired == 5 })
    try test.run(for: 5)
    #expect(fired == 5)
    deadline = nil
  }

  /// Many at once: set, brought forward, cleared and taken out; the rest fires once each, in order.
  @Test func manyDeadlinesFireInOrder() throws {
    var random = SystemRandomNumberGenerator()
    var fired: [UInt64] = []
    var all: [Deadline] = []
    let start = test.loop.now
    for number in 0..<500 {
      var due: UInt64 = 0
      var own: Deadline?
      let deadline = Deadline(heap) {
        fired.append(due)
        own = nil
      }
      own = deadline
      for moment in (0..<3).map({ _ in UInt64.random(in: 10..<50, using: &random) }).sorted(by: >) {
        due = start + moment
        own?.set(at: due)
      }
      if number % 5 == 0 { deadline.clear() }
      all.append(deadline)
    }
    for number in stride(from: 3, to: 500, by: 5) { all[number].invalidate() }
    try test.run(until: { fired.count == 300 })
    try test.run(for: 60)
    #expect(fired.count == 300)
    #expect(fired == fired.sorted())
    #expect(all.allSatisfy { $0.due == Deadline.never })
  }

  @Test func invalidatedDeadlinesLetGo() throws {
    final class Owner {}
    var fired = 0
    weak var released: Owner?
    do {
      let owner = Owner()
      released = owner
      let deadline = Deadline(heap) {
        withExtendedLifetime(owner) {}
        fired += 1
      }
      deadline.set(in: 1)
      deadline.invalidate()
      deadline.invalidate()
    }
    #expect(released == nil)
    try test.run(for: 5)
    #expect(fired == 0)
  }

  @Test func oneActionMayInvalidateTheNext() throws {
    var order: [Int] = []
    var all: [Deadline] = []
    for number in 0..<10 {
      all.append(
        Deadline(heap) {
          order.append(number)
          all[(number + 1) % 10].invalidate()
        })
    }
    let due = test.loop.now + 1
    for deadline in all { deadline.set(at: due) }
    try test.run(for: 10)
    #expect(!order.isEmpty)
    var places = [Int](repeating: .max, count: 10)
    for (place, number) in order.enumerated() {
      #expect(places[number] == .max, "\(number) fired twice")
      // Who has been taken out cannot have fired behind the one that did it.
      #expect(places[(number + 9) % 10] == .max, "\(number) was taken out")
      places[number] = place
    }
    all.removeAll()
  }

  /// Thousands, set, moved both ways, cleared and taken out in a fixed but tangled pattern.
  @Test func thousands() throws {
    var random: UInt64 = 42
    func next(_ bound: UInt64) -> UInt64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (random >> 33) % bound
    }
    let loop = test.loop
    var count = [Int](repeating: 0, count: 5_000)
    var early = 0
    var dues = [UInt64](repeating: 0, count: 5_000)
    let all = (0..<5_000).map { number in
      Deadline(loop.deadlines) {
        count[number] += 1
        if loop.now < dues[number] { early += 1 }
      }
    }
    let start = loop.now
    func set(_ number: Int, _ delay: UInt64) {
      dues[number] = start + delay
      all[number].set(at: start + delay)
    }
    for number in all.indices { set(number, next(60)) }
    for number in all.indices where next(3) == 0 { set(number, next(60)) }
    var expected = [Int](repeating: 1, count: 5_000)
    for number in all.indices {
      switch next(6) {
      case 0: all[number].invalidate()
      case 1: all[number].clear()
      default: continue
      }
      expected[number] = 0
    }
    for number in all.indices where expected[number] == 0 && next(4) == 0 {
      set(number, next(60))
      expected[number] = 1
    }
    let total = expected.reduce(0, +)
    try test.run(until: { count.reduce(0, +) >= total })
    try test.run(for: 80)
    #expect(count == expected)
    #expect(early == 0)
  }
}
