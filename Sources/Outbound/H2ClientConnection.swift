import Bytes
import HTTP
import Net
import Wire

/// A connection to a backend that speaks HTTP/2: many requests at once.
final class H2ClientConnection: UpstreamConnection {
  let pool: UpstreamPool
  let session: HTTP2Session
  private let transport: Transport
  private var deadline: Deadline?
  private var isClosed = false
  /// Takes no more requests.
  private var isRetired = false
  /// The backend has said something: its settings come first.
  private var hasHeard = false
  /// The backend has been asked for a sign of life, and there has been none.
  private var isProbing = false
  /// What has ended the connection, for the requests that were under way.
  private(set) var failure: UpstreamFailure?

  /// Requests at once, whatever more the backend would allow.
  private static let streamLimit = 256
  private static let batch = 131_072
  private static let broken = UpstreamFailure.malformed(WireFault(400, "broken_http2"))

  init(_ pool: UpstreamPool, _ transport: Transport) {
    self.pool = pool
    self.transport = transport
    session = HTTP2Session(.client, HTTP2Limits(head: pool.endpoint.limits), buffers: pool.loop.buffers)
  }

  func start() {
    deadline = Deadline(pool.loop.deadlines) { [unowned self] in deadlinePassed() }
    session.delegate = self
    transport.setDelegate(self)
    transport.fillsAtFlush = true
    transport.wrote()
    transport.resumeReading()
    rest()
  }

  var isSecure: Bool { transport.tls != nil }

  // MARK: Requests

  var hasRoom: Bool {
    guard !isRetired, !isClosed, session.takesRequests else { return false }
    return session.openStreams < (hasHeard ? min(Self.streamLimit, session.peerStreamLimit) : pool.streamLimit)
  }

  func serve(_ client: any UpstreamClient) {
    if !isProbing { deadline?.clear() }
    client.upstreamReady(H2ClientStream(self, client))
    // The client may have gone without a request.
    if session.openStreams == 0 { rest() }
  }

  /// A request is over, or never began.
  func streamClosed() {
    if session.openStreams == 0, !isClosed {
      if isRetired { terminate() } else { rest() }
    }
    if hasRoom { pool.hasRoom(self) }
  }

  private func rest() { if !isProbing, !session.isTerminated { deadline?.set(in: pool.endpoint.idleTimeout) } }

  /// A request got no answer in time: is anybody there at all?
  func probe() {
    guard !isProbing, !isClosed else { return }
    isProbing = true
    session.ping()
    deadline?.set(in: pool.endpoint.connectTimeout)
  }

  private func heard() {
    hasHeard = true
    guard isProbing else { return }
    isProbing = false
    if session.openStreams == 0 { rest() } else { deadline?.clear() }
  }

  private func retire() {
    guard !isRetired else { return }
    isRetired = true
    pool.retire(self)
  }

  /// Closes once no request is under way.
  func drain() {
    retire()
    if session.openStreams == 0 { terminate() }
  }

  /// Says goodbye, for which the backend has as long as for a connection.
  private func terminate() {
    session.terminate(.noError)
    deadline?.set(in: pool.endpoint.connectTimeout)
  }

  private func deadlinePassed() { close(isProbing || session.isTerminated ? .timedOut : .endOfFile) }

  private func close(_ failure: NetFailure) {
    guard !isClosed else { return }
    retire()
    isClosed = true
    if self.failure == nil { self.failure = .closedEarly(failure) }
    deadline?.invalidate()
    deadline = nil
    session.abandonStreams()
    session.delegate = nil
    transport.close()
    pool.remove(self)
  }
}

extension H2ClientConnection: HTTP2SessionDelegate {
  func sessionHasOutput() { transport.wrote() }

  func sessionReceivedGoAway(lastStream: Int32, _ code: HTTP2ErrorCode) { retire() }

  func sessionEndsFlood(_ cause: FloodGuard.Cause) { retire() }
}

extension H2ClientConnection: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) {
    guard !session.isTerminated else { return }
    heard()
    session.receive(bytes, now: pool.loop.now)
    if session.isTerminated {
      failure = Self.broken
      retire()
      deadline?.set(in: pool.endpoint.connectTimeout)
    } else {
      pool.streamLimit = max(1, min(Self.streamLimit, session.peerStreamLimit))
      if hasRoom { pool.hasRoom(self) }
    }
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) { close(failure) }

  func transportWillFlush(_ transport: Transport) {
    guard !isClosed, !transport.isCongested else { return }
    session.send(to: transport.outputBuffer, limit: Self.batch)
    // There may be more.
    if transport.outputBuffer.count >= Self.batch { transport.wrote() }
    guard session.isOver else { return }
    // Neither side has said goodbye: it is the library that has given up.
    if !session.isTerminated, !session.hasReceivedGoAway { failure = Self.broken }
    retire()
    transport.fillsAtFlush = false
    if transport.closeWhenFlushed() { close(.endOfFile) }
  }

  func transportDidDrain(_ transport: Transport) { transport.wrote() }

  func transportDidCloseFlushed(_ transport: Transport) { close(.endOfFile) }
}
