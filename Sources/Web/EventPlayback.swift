import HTTP
import Net
import Pipeline

/// Sends a list of server-sent events at their times.
final class EventPlayback: Cancellable {
  private let events: [LocalReply.TimedEvent]
  private let holdOpen: Bool
  private var sink: (any BodySink)?
  private var next = 0
  private var deadline: Deadline?

  /// Milliseconds between two comments on a stream that is held open: no proxy takes it for dead.
  private static let pingInterval: UInt64 = 15_000

  init(_ loop: Loop, _ events: [LocalReply.TimedEvent], holdOpen: Bool, _ sink: any BodySink) {
    self.events = events
    self.holdOpen = holdOpen
    self.sink = sink
    deadline = Deadline(loop.deadlines) { [unowned self] in advance() }
  }

  deinit { deadline?.invalidate() }

  func start() { wait() }

  private func wait() {
    if next < events.count {
      deadline?.set(in: UInt64(max(0, events[next].delayMilliseconds)))
    } else if holdOpen {
      deadline?.set(in: Self.pingInterval)
    } else {
      let sink = sink
      end()
      sink?.finish(nil)
    }
  }

  private func advance() {
    if next < events.count {
      events[next].bytes.withUnsafeBytes { _ = sink?.write($0) }
      next += 1
    } else {
      [UInt8](": keep-alive\n\n".utf8).withUnsafeBytes { _ = sink?.write($0) }
    }
    wait()
  }

  private func end() {
    sink = nil
    deadline?.invalidate()
  }

  func cancel(_ reason: CancelReason) { end() }
}
