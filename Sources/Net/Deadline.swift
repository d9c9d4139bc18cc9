import CLibuv

/// One moment after which something must be done: a connection has one for all its waits.
///
/// Postponing only stores a number: the heap looks at it when the old moment comes.
package final class Deadline {
  /// Milliseconds of `Loop.now`; `never` when nothing is awaited.
  package fileprivate(set) var due = Deadline.never
  package static let never = UInt64.max
  fileprivate var queued = Deadline.never
  fileprivate var index = -1
  private let heap: DeadlineHeap
  fileprivate let action: () -> Void

  /// - Parameter action: called once for each time the deadline passes; it may be set again inside.
  package init(_ heap: DeadlineHeap, _ action: @escaping () -> Void) {
    self.heap = heap
    self.action = action
  }

  /// Moves the deadline to `milliseconds` from now.
  package func set(in milliseconds: UInt64) { set(at: heap.now &+ milliseconds) }

  /// Moves the deadline to a moment of `Loop.now`.
  package func set(at moment: UInt64) {
    due = moment
    if index < 0 || moment < queued { heap.place(self) }
  }

  /// Nothing is awaited for now; the place in the heap is kept.
  package func clear() { due = Self.never }

  /// Takes the deadline out for good, and with it the reference to whoever it would have called.
  package func invalidate() {
    due = Self.never
    heap.remove(self)
  }
}

/// All deadlines of a loop in one binary heap behind one timer.
package final class DeadlineHeap {
  private var heap: [Deadline] = []
  private let loop: UnsafeMutablePointer<uv_loop_t>
  private let timer: UnsafeMutablePointer<uv_timer_t>
  private var armed = Deadline.never

  init(_ loop: UnsafeMutablePointer<uv_loop_t>) {
    self.loop = loop
    timer = .allocate(capacity: 1)
    uv_timer_init(loop, timer)
    timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    uv_unref(pc_timer_handle(timer))
  }

  var now: UInt64 { uv_now(loop) }

  fileprivate func place(_ deadline: Deadline) {
    deadline.queued = deadline.due
    if deadline.index < 0 {
      deadline.index = heap.count
      heap.append(deadline)
    }
    up(deadline.index)
    arm()
  }

  fileprivate func remove(_ deadline: Deadline) {
    let index = deadline.index
    guard index >= 0, let last = heap.popLast() else { return }
    deadline.index = -1
    guard last !== deadline else { return }
    last.index = index
    heap[index] = last
    up(index)
    down(last.index)
  }

  private func arm() {
    guard let first = heap.first, first.queued < armed else { return }
    armed = first.queued
    let delay = armed > now ? armed - now : 0
    uv_timer_start(
      timer,
      { handle in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<DeadlineHeap>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.fire() }
      }, delay, 0)
  }

  private func fire() {
    armed = Deadline.never
    while let first = heap.first, first.queued <= now {
      if first.due > now {
        // Postponed since it was queued, or cleared: queue it where it belongs now.
        first.queued = first.due
        if first.due == Deadline.never { remove(first) } else { down(0) }
        continue
      }
      first.due = Deadline.never
      remove(first)
      first.action()
    }
    arm()
  }

  private func up(_ start: Int) {
    var index = start
    let moving = heap[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[parent].queued > moving.queued else { break }
      heap[index] = heap[parent]
      heap[index].index = index
      index = parent
    }
    heap[index] = moving
    moving.index = index
  }

  private func down(_ start: Int) {
    var index = start
    let moving = heap[index]
    while true {
      var child = index * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].queued < heap[child].queued { child += 1 }
      guard heap[child].queued < moving.queued else { break }
      heap[index] = heap[child]
      heap[index].index = index
      index = child
    }
    heap[index] = moving
    moving.index = index
  }
}
