import Bytes
import HTTP
import Net
import Wire

/// One request to a backend on a shared connection.
final class H2ClientStream {
  private let connection: H2ClientConnection
  private var client: (any UpstreamClient)?
  private var stream: HTTP2Stream?
  private var head: RequestHead?
  private var requestSource: (any BodySource)?
  private var responseSink: (any BodySink)?
  private var hasResponded = false
  private var isHolding = false
  private var responseHasEnded = false
  private var responseTrailers: Fields?
  /// Response bytes that came while the receiver could take no more; the stream's window bounds them.
  private let held: ByteBuffer
  /// Bytes handed on of which the backend is told when the receiver can take more.
  private var unacknowledged = 0
  /// What has been sent, as long as the backend may refuse the stream unprocessed.
  private var replay: RequestReplay?
  /// What carries on with the request after the backend has refused this stream.
  private var successor: RequestReplay?
  /// Our side of the stream has ended.
  private var isFinished = false
  private var deadline: Deadline?

  private var pool: UpstreamPool { connection.pool }

  init(_ connection: H2ClientConnection, _ client: any UpstreamClient) {
    self.connection = connection
    self.client = client
    held = ByteBuffer(pool: connection.pool.loop.buffers)
  }

  // MARK: The response

  private func deliver(_ bytes: ByteView) {
    unacknowledged += bytes.count
    if responseSink?.write(bytes) == .wait { isHolding = true } else { acknowledge() }
  }

  private func acknowledge() {
    stream?.consumed(unacknowledged)
    unacknowledged = 0
  }

  private func endResponse() {
    let sink = responseSink
    let trailers = responseTrailers
    // With the response the exchange is over, whatever is left of the request: nobody would ever end it.
    let unfinished = isFinished ? nil : stream
    finish()
    unfinished?.reset(.cancel)
    sink?.finish(trailers)
  }

  /// Lets go of everything; the stream may go on by itself to its end.
  private func finish() {
    deadline?.invalidate()
    deadline = nil
    client = nil
    head = nil
    requestSource = nil
    responseSink = nil
    replay = nil
    held.clear()
  }

  private func fail(_ failure: UpstreamFailure) {
    let client = client
    finish()
    client?.upstreamFailed(failure)
  }

  /// Carries on with the request on another stream, if it may be sent again.
  private func move(isRefused: Bool, otherwise failure: UpstreamFailure) {
    guard let client, let replay, replay.mayStart(isRefused: isRefused) else { return fail(failure) }
    let source = requestSource
    successor = replay
    finish()
    replay.start(pool, client, from: source, isRefused: isRefused)
  }

  private func deadlinePassed() {
    guard client != nil, !hasResponded else { return }
    connection.probe()
    stream?.reset(.cancel)
    stream = nil
    fail(.responseTimedOut)
  }
}

extension H2ClientStream: HTTP2StreamHandler {
  func streamReceivedInformational() {
    guard let head = stream?.responseHead else { return }
    replay = nil
    client?.upstreamInformed(head)
  }

  func streamReceivedHead(_ length: BodyLength) {
    guard let head = stream?.responseHead, let client else { return }
    hasResponded = true
    replay?.discard()
    deadline?.invalidate()
    deadline = nil
    guard let sink = client.upstreamResponded(head, length) else { return abort() }
    if stream != nil { responseSink = sink }
  }

  func streamReceivedFault(_ fault: WireFault, isMalformed: Bool) {
    if hasResponded { return }
    fail(.malformed(fault))
  }

  func streamReceived(_ bytes: ByteView) {
    guard responseSink != nil else { return stream?.consumed(bytes.count) ?? () }
    if isHolding { held.append(bytes) } else { deliver(bytes) }
  }

  func streamEnded(_ trailers: Fields?) {
    responseHasEnded = true
    responseTrailers = trailers
    if !isHolding { endResponse() }
  }

  func streamDrained() { requestSource?.resume() }

  func streamClosed(_ code: HTTP2ErrorCode) {
    let hasLeft = stream?.hasSentHead == true
    stream = nil
    defer { connection.streamClosed() }
    if responseHasEnded { return }
    if hasResponded {
      let sink = responseSink
      finish()
      sink?.fail(code == .noError || code == .protocolError ? .malformed : .aborted)
    } else if code == .refusedStream || !hasLeft {
      move(isRefused: hasLeft, otherwise: connection.failure ?? .reset(code))
    } else if client != nil {
      fail(connection.failure ?? .reset(code))
    }
  }
}

extension H2ClientStream: UpstreamStream {
  func send(_ head: RequestHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink {
    requestSource = source
    replay = RequestReplay(head, length, of: client)
    let deadline = Deadline(pool.loop.deadlines) { [unowned self] in deadlinePassed() }
    self.deadline = deadline
    deadline.set(in: pool.endpoint.responseTimeout)
    stream = connection.session.request(
      head, scheme: connection.isSecure ? "https" : "http", contentLength: Self.announced(head, length),
      hasBody: length != .none && length != .known(0), handler: self)
    isFinished = length == .none || length == .known(0)
    if stream == nil {
      connection.drain()
      move(isRefused: false, otherwise: .reset(.internalError))
    }
    return self
  }

  private static func announced(_ head: RequestHead, _ length: BodyLength) -> Int? {
    switch length {
    case .known(let length): length
    case .unknown: nil
    case .none: head.method == .post || head.method == .put || head.method == .patch ? 0 : nil
    }
  }

  var responseBody: any BodySource { successor?.stream?.responseBody ?? self }

  func abort() {
    successor?.abort()
    let stream = stream
    finish()
    responseHasEnded = true
    stream?.reset(.cancel)
  }
}

extension H2ClientStream: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    if let successor { return successor.write(bytes) }
    guard let stream else { return .wait }
    if let replay, replay.isComplete { _ = replay.write(bytes) }
    if !hasResponded { deadline?.set(in: pool.endpoint.responseTimeout) }
    return stream.write(bytes)
  }

  func finish(_ trailers: Fields?) {
    if let successor { return successor.finish(trailers) }
    requestSource = nil
    replay?.finish(trailers)
    if !isFinished { stream?.finish(trailers) }
    isFinished = true
  }

  func fail(_ failure: BodyFailure) { abort() }
}

extension H2ClientStream: BodySource {
  func resume() {
    guard isHolding else { return }
    isHolding = false
    acknowledge()
    if !held.isEmpty {
      let waiting = ByteBuffer(pool: pool.loop.buffers)
      waiting.swapContents(with: held)
      deliver(waiting.view)
    }
    if responseHasEnded, !isHolding { endResponse() }
  }

  func cancel(_ failure: BodyFailure) { abort() }
}
