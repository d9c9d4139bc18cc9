import Bytes
import HTTP
import Net
import Outbound

/// One request, as a client would send it, and whatever comes back: unlike `Fetch` it takes any method, follows no
/// redirects, and keeps all fields.
final class Probe {
  struct Request {
    let method: String
    let location: Fetch.Location
    var fields: [(StaticString, String)] = []
    var body: [UInt8] = []
    /// Whether the response's body is of interest; an event stream would never end.
    var readsBody = false

    init(_ method: String, _ location: Fetch.Location) {
      self.method = method
      self.location = location
    }
  }

  /// Bytes of a body at the most.
  private static let bodyLimit = 1 << 18

  private let pool: UpstreamPool
  private let request: Request
  private var completion: ((ProbeAnswer) -> Void)?
  private var stream: (any UpstreamStream)?
  private var status = 0
  private var fields: [(name: String, value: String)] = []
  private var body: [UInt8] = []
  private var receivedAt: Int64 = 0
  /// Keeps it until it has answered.
  private var me: Probe?

  /// `completion` is called once, over a connection of its own.
  ///
  /// - Returns: what gives up: nobody is called then.
  static func send(
    _ loop: Loop, _ request: Request, to endpoint: UpstreamEndpoint, completion: @escaping (ProbeAnswer) -> Void
  ) -> () -> Void {
    var endpoint = endpoint
    endpoint.maxConnections = 1
    let probe = Probe(UpstreamPool(loop, endpoint), request, completion)
    probe.me = probe
    probe.pool.acquire(for: probe)
    return { [weak probe] in probe?.cancel() }
  }

  private init(_ pool: UpstreamPool, _ request: Request, _ completion: @escaping (ProbeAnswer) -> Void) {
    self.pool = pool
    self.request = request
    self.completion = completion
  }

  private func cancel() {
    completion = nil
    finish(.failed(""))
  }

  private func finish(_ answer: ProbeAnswer) {
    let completion = completion
    self.completion = nil
    if let stream { stream.abort() } else { pool.cancel(self) }
    stream = nil
    pool.drain()
    me = nil
    completion?(answer)
  }

  private func head() -> RequestHead {
    let head = RequestHead()
    let (method, target) = (request.method, request.location.target)
    var text = method + target
    text.withUTF8 { text in
      head.fields.store(ByteView(text))
      head.setMethod(0, method.utf8.count)
      head.setTarget(path: (method.utf8.count, text.count - method.utf8.count), query: nil)
    }
    head.fields.append("Host", text: request.location.authority)
    head.fields.append("User-Agent", "portcullis-doctor")
    for (name, value) in request.fields { head.fields.append(name, text: value) }
    return head
  }

  private var response: ProbeAnswer {
    .response(ProbeAnswer.Response(status, fields, body: body, receivedAt: receivedAt))
  }
}

extension Probe: UpstreamClient {
  func upstreamReady(_ stream: any UpstreamStream) {
    guard completion != nil else { return stream.abort() }
    self.stream = stream
    guard !request.body.isEmpty else {
      _ = stream.send(head(), .none, from: nil)
      return
    }
    let sink = stream.send(head(), .known(request.body.count), from: nil)
    // It is small: what the connection does not take at once waits in it.
    _ = request.body.withUnsafeBytes { sink.write($0) }
    sink.finish(nil)
  }

  func upstreamInformed(_ head: ResponseHead) {}

  func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? {
    status = head.status
    receivedAt = Loop.unixTime
    fields = (0..<head.fields.count).filter { head.fields.name($0) != .removed }.map {
      (head.fields.spelling($0).text.lowercased(), head.fields.value($0).text)
    }
    guard request.readsBody else {
      // The head is all that was wanted.
      stream = nil
      finish(response)
      return nil
    }
    return self
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    stream = nil
    finish(.failed(Fetch.Failure.upstream(failure).description))
  }
}

extension Probe: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    guard body.count + bytes.count <= Self.bodyLimit else {
      finish(.failed(Fetch.Failure.tooLarge.description))
      return .wait
    }
    body.append(contentsOf: bytes)
    return .more
  }

  func finish(_ trailers: Fields?) {
    stream = nil
    finish(response)
  }

  func fail(_ failure: BodyFailure) {
    stream = nil
    finish(.failed(Fetch.Failure.truncated.description))
  }
}
