package import Bytes
package import HTTP

/// Who decides about what a relay must not simply pass on.
package protocol RelayOverseer: AnyObject {
  /// The body has grown over the limit; the source has been cancelled.
  func relayExceededLimit(_ relay: Relay)
  /// The body ends with trailers; fields that may not pass are to be removed.
  func relay(_ relay: Relay, willPass trailers: Fields)
}

/// Carries a body from one connection to another, with backpressure from the slow end to the fast one.
///
/// The one relay for requests and responses, whatever protocols are at its ends.
package final class Relay: BodySink, BodySource {
  private var source: (any BodySource)?
  private var sink: (any BodySink)?
  private let limit: Int
  private var bytes = 0
  /// Not kept alive: it must set this to nil before it goes. (A weak reference would cost every retain of it.)
  package unowned(unsafe) var overseer: (any RelayOverseer)?

  /// - Parameter limit: bytes that may pass; beyond it the source is cancelled. 0 means no limit.
  package init(limit: Int = 0) { self.limit = limit }

  /// Puts the relay between its ends; nothing flows until `resume`.
  package func connect(from source: any BodySource, to sink: any BodySink) {
    self.source = source
    self.sink = sink
  }

  // MARK: From the source

  package func write(_ piece: ByteView) -> Flow {
    guard let sink else { return .wait }
    bytes += piece.count
    if limit > 0, bytes > limit {
      let source = source
      disconnect()
      source?.cancel(.tooLarge)
      overseer?.relayExceededLimit(self)
      return .wait
    }
    return sink.write(piece)
  }

  package func finish(_ trailers: Fields?) {
    if let trailers { overseer?.relay(self, willPass: trailers) }
    let sink = sink
    disconnect()
    sink?.finish(trailers)
  }

  package func fail(_ failure: BodyFailure) {
    let sink = sink
    disconnect()
    sink?.fail(failure)
  }

  // MARK: From the sink

  package func resume() { source?.resume() }

  package func cancel(_ failure: BodyFailure) {
    let source = source
    disconnect()
    source?.cancel(failure)
  }

  /// Forgets both ends: what still comes is dropped.
  package func disconnect() {
    source = nil
    sink = nil
  }
}
