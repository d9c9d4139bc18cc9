import Bytes
import HTTP

/// Keeps a request until the backend has taken it up, and sends it on another stream when the first one never left, or,
/// once, when the backend says that it has not processed it (RFC 9113 §8.7).
final class RequestReplay {
  private let head: RequestHead
  private let length: BodyLength
  private let body = ByteBuffer()
  private var isFinished = false
  private var trailers: Fields?
  /// Whether all of the request is here.
  private(set) var isComplete = true

  /// Streams that this request has had before, and whether the backend has refused one of them.
  private var moves: Int
  private var wasRefused: Bool

  private var pool: UpstreamPool?
  private var client: (any UpstreamClient)?
  private var source: (any BodySource)?
  private(set) var stream: (any UpstreamStream)?
  private var sink: (any BodySink)?

  /// Bytes of body that are kept; requests of tools are small.
  private static let limit = 65_536
  /// Streams that are lost before anything has left; each may cost a connection.
  private static let moveLimit = 3

  /// - Parameter client: who makes the request: another replay, when it has been moved already.
  init(_ head: RequestHead, _ length: BodyLength, of client: (any UpstreamClient)?) {
    self.head = head
    self.length = length
    let earlier = client as? RequestReplay
    moves = earlier?.moves ?? 0
    wasRefused = earlier?.wasRefused ?? false
  }

  /// - Parameter isRefused: the backend has seen the request and refused it; otherwise it has never left.
  func mayStart(isRefused: Bool) -> Bool { isComplete && moves < Self.moveLimit && !(isRefused && wasRefused) }

  /// The backend has taken the request up: nothing needs to be kept any longer.
  func discard() {
    isComplete = false
    body.clear()
  }

  /// Finds another stream for the request.
  ///
  /// - Parameter source: resumed when the backend, having been too slow for the body, reads on.
  func start(
    _ pool: UpstreamPool, _ client: any UpstreamClient, from source: (any BodySource)?, isRefused: Bool
  ) {
    moves += 1
    if isRefused { wasRefused = true }
    self.pool = pool
    self.client = client
    self.source = source
    pool.acquire(for: self)
  }

  func abort() {
    if let stream { stream.abort() } else { pool?.cancel(self) }
    letGo()
  }

  private func letGo() {
    client = nil
    source = nil
    stream = nil
    sink = nil
    discard()
  }
}

extension RequestReplay: UpstreamClient {
  func upstreamReady(_ stream: any UpstreamStream) {
    guard client != nil else { return stream.abort() }
    self.stream = stream
    // From here on the stream knows it; kept here, too, it would keep us, who are reached from its sink.
    let source = source
    self.source = nil
    let sink = stream.send(head, length, from: source)
    self.sink = sink
    if !body.isEmpty { _ = sink.write(body.view) }
    body.clear()
    if isFinished, length != .none { sink.finish(trailers) } else { source?.resume() }
  }

  func upstreamInformed(_ head: ResponseHead) { client?.upstreamInformed(head) }

  func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? {
    let client = client
    self.client = nil
    return client?.upstreamResponded(head, length)
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    let client = client
    letGo()
    client?.upstreamFailed(failure)
  }
}

extension RequestReplay: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    if let sink { return sink.write(bytes) }
    guard isComplete else { return .more }
    // Waiting for a stream: nobody else has the bytes, and `upstreamReady` resumes.
    if pool != nil {
      body.append(bytes)
      return .wait
    }
    if body.count + bytes.count <= Self.limit { body.append(bytes) } else { discard() }
    return .more
  }

  func finish(_ trailers: Fields?) {
    if let sink { return sink.finish(trailers) }
    isFinished = true
    self.trailers = trailers
  }

  func fail(_ failure: BodyFailure) { abort() }
}
