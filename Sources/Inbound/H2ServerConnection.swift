import Bytes
import HTTP
import Net
import Pipeline
import Telemetry
import Wire

/// A client's connection that speaks HTTP/2: many exchanges at once.
final class H2ServerConnection: ServerConnection {
  let service: InboundService
  let visitor: Visitor
  var index = 0
  private let transport: Transport
  private let session: HTTP2Session
  private var deadline: Deadline?
  private var isClosed = false
  /// The last bytes are on their way; what still comes is thrown away until the client closes.
  private var isLingering = false
  /// Since when the connection is being ended, by either side's doing.
  private var endingSince: UInt64?
  /// Since when no stream is open; and whether one ever was.
  private var idleSince: UInt64 = 0
  private var hasServed = false
  /// Since when the gateway is stopping, as the client has been told.
  private var drainingSince: UInt64?
  private var refusesStreams = false
  /// Why the exchanges under way end with the connection.
  private(set) var cancelReason = CancelReason.clientGone

  /// Bytes of frames that are queued for the kernel at once.
  private static let batch = 131_072
  /// Milliseconds a client has to close after GOAWAY, and between the two GOAWAYs of a graceful stop (RFC 9113 §6.8).
  private static let lingerTimeout: UInt64 = 2_000
  private static let graceTimeout: UInt64 = 500

  init(_ service: InboundService, _ transport: Transport, _ visitor: Visitor) {
    self.service = service
    self.transport = transport
    self.visitor = visitor
    session = HTTP2Session(
      .server, HTTP2Limits(head: service.settings.limits, streams: service.settings.maxStreams),
      buffers: service.loop.buffers)
  }

  /// Takes over a connection.
  ///
  /// - Parameter received: what the client has sent already, its connection preface first.
  func start(_ received: ByteView) {
    deadline = Deadline(service.loop.deadlines) { [unowned self] in deadlinePassed() }
    session.delegate = self
    idleSince = service.loop.now
    transport.setDelegate(self)
    transport.fillsAtFlush = true
    transport.wrote()
    transport.resumeReading()
    if received.count > 0 { receive(received) } else { schedule() }
  }

  private func receive(_ bytes: ByteView) {
    guard !isLingering, !isClosed else { return }
    session.receive(bytes, now: service.loop.now)
    schedule()
  }

  /// A stream has ended.
  func streamClosed() {
    guard session.openStreams == 0, !isClosed, !isLingering else { return }
    idleSince = service.loop.now
    if drainingSince != nil { refuseStreams() }
    schedule()
  }

  // MARK: Time

  private enum Wait {
    /// For the client to close.
    case goodbye
    /// For the rest of a field section.
    case fieldSection
    /// For the client to read on.
    case reader
    /// For streams on their way when the gateway began to stop.
    case grace
    /// For the next request.
    case request
  }

  /// What is waited for, and until when; the earliest of all.
  private var wait: (for: Wait, until: UInt64)? {
    let settings = service.settings
    if session.isTerminated || isLingering {
      let now = service.loop.now
      let since = endingSince ?? now
      // The last response may still be on its way to a slow reader: looked at again and again, but not for ever.
      if isLingering, transport.pendingOutput > 0 {
        return (.goodbye, min(now + Self.lingerTimeout, since + max(settings.requestBody, Self.lingerTimeout)))
      }
      return (.goodbye, since + Self.lingerTimeout)
    }
    var earliest: (for: Wait, until: UInt64)?
    func consider(_ wait: Wait, _ since: UInt64?, _ timeout: UInt64) {
      guard let since, since + timeout < earliest?.until ?? .max else { return }
      earliest = (wait, since + timeout)
    }
    consider(.fieldSection, session.fieldSectionSince, settings.requestHead)
    consider(.reader, transport.blockedSince, settings.streamIdle)
    if !refusesStreams { consider(.grace, drainingSince, Self.graceTimeout) }
    if session.openStreams == 0 {
      consider(.request, idleSince, hasServed ? settings.keepAlive : settings.requestHead)
    }
    return earliest
  }

  private func schedule() {
    if session.isTerminated, endingSince == nil { endingSince = service.loop.now }
    if let wait { deadline?.set(at: wait.until) } else { deadline?.clear() }
  }

  private func deadlinePassed() {
    guard !isClosed, let wait else { return }
    guard wait.until <= service.loop.now else { return schedule() }
    switch wait.for {
    case .goodbye, .reader: close()
    case .fieldSection: end(.protocolError, "request_head_timeout")
    case .grace: refuseStreams()
    case .request: session.terminate(.noError)
    }
    if !isClosed { schedule() }
  }

  /// Ends the connection because of what the client does.
  private func end(_ code: HTTP2ErrorCode, _ reason: StaticString) {
    service.log.event(.info, "http2_ended") { line in
      line.member("reason", reason)
      visitor.address.withUnsafeBytes { line.member("client", $0) }
    }
    session.terminate(code)
  }

  /// Nothing more to say: our side ends, the client's is read until it closes, lest a reset destroy the last frames.
  private func linger() {
    guard !isLingering, !isClosed else { return }
    isLingering = true
    session.abandonStreams()
    guard !isClosed else { return }
    transport.fillsAtFlush = false
    endingSince = service.loop.now
    schedule()
    transport.shutdownWhenFlushed()
    transport.resumeReading()
  }

  private func close() {
    guard !isClosed else { return }
    isClosed = true
    deadline?.invalidate()
    deadline = nil
    session.abandonStreams()
    session.delegate = nil
    transport.close()
    service.remove(self)
  }

  // MARK: Stopping

  func drain() {
    guard drainingSince == nil, !isLingering else { return }
    drainingSince = service.loop.now
    session.announceShutdown()
    schedule()
  }

  private func refuseStreams() {
    guard !refusesStreams else { return }
    refusesStreams = true
    session.refuseNewStreams()
  }

  func cut() {
    cancelReason = .shutdown
    close()
  }
}

extension H2ServerConnection: HTTP2SessionDelegate {
  func sessionOpened(_ stream: HTTP2Stream) -> RequestHead? {
    let handler = H2ServerStream(self, stream)
    stream.handler = handler
    hasServed = true
    return handler.request
  }

  func sessionHasOutput() {
    transport.wrote()
    if transport.blockedSince != nil { schedule() }
  }

  func sessionReceivedGoAway(lastStream: Int32, _ code: HTTP2ErrorCode) {}

  func sessionEndsFlood(_ cause: FloodGuard.Cause) {
    service.metrics.count(.http2Abuse, cause.name)
    service.log.event(.warning, "http2_abuse") { line in
      line.member("cause", cause.name)
      visitor.address.withUnsafeBytes { line.member("client", $0) }
    }
  }
}

extension H2ServerConnection: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) { receive(bytes) }

  func transport(_ transport: Transport, didEnd failure: NetFailure) { close() }

  func transportWillFlush(_ transport: Transport) {
    guard !isClosed else { return }
    // `transportDidDrain` will tell when there is room.
    if transport.isCongested { return }
    session.send(to: transport.outputBuffer, limit: Self.batch)
    // There may be more.
    if transport.outputBuffer.count >= Self.batch { transport.wrote() }
    if session.isOver { linger() } else if session.isTerminated { schedule() }
  }

  func transportDidDrain(_ transport: Transport) {
    transport.wrote()
  }
}
