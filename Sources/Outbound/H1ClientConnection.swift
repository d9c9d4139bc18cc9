import Bytes
import HTTP
import Net
import Wire

/// A connection to a backend that speaks HTTP/1.1: one request at a time, reused between requests.
final class H1ClientConnection: UpstreamConnection {
  private enum Phase {
    /// Connecting once more.
    case dialing
    case idle
    /// A request is under way and its response head has not come.
    case awaiting
    /// The response's body is under way.
    case receiving
    case closed
  }

  private let pool: UpstreamPool
  private var phase = Phase.idle
  private var transport: Transport?
  private var dialer: Dialer?
  private var decoder: ResponseDecoder
  /// The pool's.
  private let head: ResponseHead
  private var client: (any UpstreamClient)?
  private var requestSource: (any BodySource)?
  private var responseSink: (any BodySink)?
  /// Input that came while the receiver could take no more.
  private var held: ByteBuffer?
  private var isHolding = false
  private var isDelivering = false
  private var isChunked = false
  private var requestIsComplete = false
  private var mayPersist = false
  /// Not the first request on this connection: the backend may be about to close it.
  private var isReused = false
  private var idleSince: UInt64 = 0
  private var deadline: Deadline?

  /// Milliseconds of rest after which the kernel is asked whether the backend has closed.
  private static let suspiciousRest: UInt64 = 500

  init(_ pool: UpstreamPool, _ transport: Transport) {
    self.pool = pool
    decoder = ResponseDecoder(limits: pool.endpoint.limits)
    head = pool.head
    deadline = Deadline(pool.loop.deadlines) { [unowned self] in deadlinePassed() }
    adopt(transport)
  }

  deinit { deadline?.invalidate() }

  // MARK: A request whose connection was closing: nothing has been sent, so it may be sent again (RFC 9110 §9.2.2)

  /// The request, while the connection is opened once more.
  private var unsent: ByteBuffer?

  private func redial(_ old: Transport) {
    let unsent = ByteBuffer()
    unsent.append(old.outputBuffer.view)
    self.unsent = unsent
    old.close()
    transport = nil
    isReused = false
    phase = .dialing
    deadline?.clear()
    let dialer = Dialer(pool) { [self] result in
      self.dialer = nil
      switch result {
      case .success(let transport): resend(transport)
      case .failure(let failure): fail(failure)
      }
    }
    self.dialer = dialer
    dialer.dial()
  }

  private func resend(_ transport: Transport) {
    adopt(transport)
    // The backend has changed its protocol in the meantime.
    guard transport.tls?.applicationProtocol != .http2 else { return fail(.closedEarly(.endOfFile)) }
    phase = .awaiting
    deadline?.set(in: pool.endpoint.responseTimeout)
    if let unsent { transport.write(unsent.view) }
    unsent = nil
    requestSource?.resume()
  }

  private func adopt(_ transport: Transport) {
    self.transport = transport
    transport.setDelegate(self)
    transport.resumeReading()
  }

  // MARK: Requests

  /// Whether an idle connection can still be used.
  var isUsable: Bool {
    guard phase == .idle, let transport else { return false }
    return pool.loop.now - idleSince < Self.suspiciousRest || !transport.hasPendingInput
  }

  /// Whether bytes have come that belong to no response, or the backend has closed.
  var hasStrayInput: Bool { transport?.hasPendingInput ?? true }

  func serve(_ client: any UpstreamClient) {
    self.client = client
    phase = .awaiting
    requestIsComplete = false
    mayPersist = true
    transport?.markSent()
    deadline?.set(in: pool.endpoint.responseTimeout)
    client.upstreamReady(self)
  }

  /// Waits for the next request.
  func rest() {
    phase = .idle
    idleSince = pool.loop.now
    deadline?.set(in: pool.endpoint.idleTimeout)
  }

  func close() { end { $0.close() } }

  private func end(_ how: (Transport) -> Void) {
    guard phase != .closed else { return }
    phase = .closed
    deadline?.invalidate()
    dialer?.cancel()
    dialer = nil
    client = nil
    requestSource = nil
    responseSink = nil
    if let transport { how(transport) }
    transport = nil
    held = nil
    unsent = nil
    pool.remove(self)
  }

  private func deadlinePassed() {
    switch phase {
    case .awaiting: fail(.responseTimedOut)
    case .idle: close()
    case .dialing, .receiving, .closed: break
    }
  }

  /// Ends the request without a response.
  private func fail(_ failure: UpstreamFailure) {
    let client = client
    end { $0.reset() }
    client?.upstreamFailed(failure)
  }

  // MARK: Responses

  private func deliver(_ bytes: ByteView) {
    var input = bytes
    isDelivering = true
    defer { isDelivering = false }
    do throws(WireFault) {
      while !isHolding, phase == .awaiting || phase == .receiving {
        switch try decoder.next(&input, head) {
        case .needMore: return
        case .informational:
          _ = ConnectionOptions(consuming: head.fields)
          client?.upstreamInformed(head)
        case .head(let length): received(length)
        case .body(let data): if responseSink?.write(data) == .wait { hold() }
        case .end(let trailers): return complete(trailers, leftOver: input.count)
        }
      }
    } catch {
      return broken(error)
    }
    guard phase != .closed else { return }
    if input.count > 0 { hold(input) }
    if !isHolding { transport?.resumeReading() }
  }

  private func received(_ length: BodyLength) {
    phase = .receiving
    deadline?.clear()
    let options = ConnectionOptions(consuming: head.fields)
    if options.close || head.version < .http11 { mayPersist = false }
    guard let sink = client?.upstreamResponded(head, length) else { return abort() }
    if phase == .receiving { responseSink = sink }
  }

  private func hold() {
    isHolding = true
    transport?.pauseReading()
  }

  private func hold(_ input: ByteView) {
    let held = held ?? ByteBuffer(pool: pool.loop.buffers)
    held.append(input)
    self.held = held
  }

  private func complete(_ trailers: Fields?, leftOver: Int) {
    let sink = responseSink
    responseSink = nil
    client = nil
    requestSource = nil
    isReused = true
    let isClean =
      mayPersist && requestIsComplete && leftOver == 0 && transport?.pendingOutput == 0 && transport?.isBroken == false
    if isClean { pool.release(self) } else { end { $0.close() } }
    sink?.finish(trailers)
  }

  /// The backend's bytes are not HTTP.
  private func broken(_ fault: WireFault) {
    if phase == .awaiting { return fail(.malformed(fault)) }
    let sink = responseSink
    end { $0.reset() }
    sink?.fail(.malformed)
  }
}

extension H1ClientConnection: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) {
    switch phase {
    case .awaiting where !transport.hasSent: unasked(transport)
    case .awaiting, .receiving: deliver(bytes)
    // Nobody has asked for anything: whatever this is, it answers no request of ours.
    case .idle, .dialing, .closed: close()
    }
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    switch phase {
    case .idle, .dialing, .closed: close()
    case .awaiting:
      if isReused, !transport.hasSent { return redial(transport) }
      fail(.closedEarly(failure))
    case .receiving:
      let sink = responseSink
      let isClean = failure == .endOfFile && decoder.ending == .clean && transport.endedCleanly
      end { $0.close() }
      if isClean { sink?.finish(nil) } else { sink?.fail(.aborted) }
    }
  }

  /// Bytes came before the first one of the request has left: they answer no request of this client.
  private func unasked(_ transport: Transport) {
    if isReused { return redial(transport) }
    fail(.malformed(WireFault(400, "unexpected_bytes")))
  }

  func transportDidDrain(_ transport: Transport) { requestSource?.resume() }
}

extension H1ClientConnection: UpstreamStream {
  func send(_ head: RequestHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink {
    requestSource = source
    decoder.expectResponse(to: head.method)
    isChunked = length == .unknown
    requestIsComplete = length == .none || length == .known(0)
    if let transport {
      HeadEncoder.write(head, length: length, to: transport.outputBuffer)
      transport.wrote()
    }
    return self
  }

  var responseBody: any BodySource { self }

  func abort() { end { $0.reset() } }
}

extension H1ClientConnection: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    guard phase == .awaiting || phase == .receiving || phase == .dialing else { return .wait }
    if let unsent {
      append(bytes, to: unsent)
      return unsent.count > Transport.highWater ? .wait : .more
    }
    guard let transport else { return .wait }
    if phase == .awaiting { deadline?.set(in: pool.endpoint.responseTimeout) }
    if isChunked {
      ChunkEncoder.writeSize(bytes.count, to: transport.outputBuffer)
      transport.write(bytes)
      transport.outputBuffer.append("\r\n")
      transport.wrote()
    } else {
      transport.write(bytes)
    }
    return transport.isCongested ? .wait : .more
  }

  private func append(_ bytes: ByteView, to buffer: ByteBuffer) {
    if isChunked { ChunkEncoder.writeSize(bytes.count, to: buffer) }
    buffer.append(bytes)
    if isChunked { buffer.append("\r\n") }
  }

  func finish(_ trailers: Fields?) {
    requestIsComplete = true
    requestSource = nil
    guard isChunked else { return }
    if let buffer = unsent ?? transport?.outputBuffer { ChunkEncoder.writeEnd(trailers, to: buffer) }
    transport?.wrote()
  }

  func fail(_ failure: BodyFailure) { abort() }
}

extension H1ClientConnection: BodySource {
  func resume() {
    guard isHolding else { return }
    isHolding = false
    guard !isDelivering else { return }
    let input = held
    held = nil
    // Also without input: when the body stopped at its last byte, its end is still to be told.
    withExtendedLifetime(input) { deliver(input?.view ?? ByteView(start: nil, count: 0)) }
    if !isHolding { transport?.resumeReading() }
  }

  func cancel(_ failure: BodyFailure) { abort() }
}
