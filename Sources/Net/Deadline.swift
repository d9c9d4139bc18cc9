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

/// All deadlines of a loop in one heap behind one timer.
///
/// With thousands of connections its objects are not in the processor's caches. So the moments stand beside each other,
/// and a place has four children, whose moments are one line of the cache.
package final class DeadlineHeap {
  private struct Place {
    let moment: UInt64
    /// Retained by the heap.
    let deadline: Unmanaged<Deadline>
  }

  private var places: [Place] = []
  private let loop: UnsafeMutablePointer<uv_loop_t>
  private let timer: UnsafeMutablePointer<uv_timer_t>
  private var armed = Deadline.never
  private static let children = 4

  init(_ loop: UnsafeMutablePointer<uv_loop_t>) {
    self.loop = loop
    timer = .allocate(capacity: 1)
    uv_timer_init(loop, timer)
    timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    uv_unref(pc_timer_handle(timer))
  }

  deinit { for place in places { place.deadline.release() } }

  var now: UInt64 { uv_now(loop) }

  /// Queues a deadline for the moment at which it is due: a new one, or one that is due before it was queued for.
  fileprivate func place(_ deadline: Deadline) {
    deadline.queued = deadline.due
    let place: Place
    if deadline.index < 0 {
      deadline.index = places.count
      place = Place(moment: deadline.due, deadline: .passRetained(deadline))
      places.append(place)
    } else {
      place = Place(moment: deadline.due, deadline: places[deadline.index].deadline)
    }
    up(place, from: deadline.index)
    arm()
  }

  fileprivate func remove(_ deadline: Deadline) {
    let index = deadline.index
    guard index >= 0, let last = places.popLast() else { return }
    deadline.index = -1
    if index < places.count {
      up(last, from: index)
      down(last, from: last.deadline._withUnsafeGuaranteedRef { $0.index })
    }
    Unmanaged.passUnretained(deadline).release()
  }

  private func arm() {
    guard let first = places.first, first.moment < armed else { return }
    armed = first.moment
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
    while let first = places.first, first.moment <= now {
      let deadline = first.deadline.takeUnretainedValue()
      if deadline.due > now, deadline.due != Deadline.never {
        // Postponed since it was queued: queue it where it belongs now.
        deadline.queued = deadline.due
        down(Place(moment: deadline.due, deadline: first.deadline), from: 0)
        continue
      }
      let isDue = deadline.due <= now
      deadline.due = Deadline.never
      remove(deadline)
      if isDue { deadline.action() }
    }
    arm()
  }

  // MARK: The heap

  private func put(_ place: Place, at index: Int) {
    places[index] = place
    place.deadline._withUnsafeGuaranteedRef { $0.index = index }
  }

  /// Puts a place at `start`, or nearer to the root.
  private func up(_ moving: Place, from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / Self.children
      guard places[parent].moment > moving.moment else { break }
      put(places[parent], at: index)
      index = parent
    }
    put(moving, at: index)
  }

  /// Puts a place at `start`, or farther from the root.
  private func down(_ moving: Place, from start: Int) {
    var index = start
    while true {
      let first = index * Self.children + 1
      guard first < places.count else { break }
      var least = first
      for child in first..<min(first + Self.children, places.count)
      where places[child].moment < places[least].moment { least = child }
      guard places[least].moment < moving.moment else { break }
      put(places[least], at: index)
      index = least
    }
    put(moving, at: index)
  }
}
