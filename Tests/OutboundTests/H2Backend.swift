import Bytes
import HTTP
import Net
import Outbound
import Wire

/// A backend that speaks HTTP/2 and does what the test tells it to.
final class H2Backend {
  private var listener: Listener?
  private(set) var connections: [H2BackendConnection] = []
  /// Requests whose heads have come, over all connections.
  private(set) var requests: [H2BackendRequest] = []
  fileprivate let loop: Loop
  fileprivate let tls: TLSServerContext?
  fileprivate let limits: HTTP2Limits
  /// Called with each request head.
  var onRequest: (H2BackendRequest) -> Void

  /// - Parameter streams: requests at once that it lets a connection carry.
  init(
    _ test: TestLoop, streams: Int = 128, tls: TLSServerContext? = nil, at address: SocketAddress? = nil,
    _ onRequest: @escaping (H2BackendRequest) -> Void = { $0.answer("hi") }
  ) throws {
    loop = test.loop
    self.tls = tls
    self.onRequest = onRequest
    limits = HTTP2Limits(head: HeadLimits(), streams: streams)
    listener = try Listener(loop, address ?? .ip("127.0.0.1", port: 0), backlog: 16) { [weak self] transport, _ in
      guard let self else { return transport.close() }
      connections.append(H2BackendConnection(self, transport))
    }
  }

  deinit { stop() }

  func stop() {
    listener?.close()
    listener = nil
    for connection in connections { connection.close() }
  }

  var port: Int {
    if case .ip(_, let port)? = listener?.address { return port }
    return 0
  }

  /// A pool of connections to this backend, with prior knowledge.
  func pool(_ change: (inout UpstreamEndpoint) -> Void = { _ in }) -> UpstreamPool {
    var endpoint = UpstreamEndpoint(.host("127.0.0.1", port: port))
    endpoint.http2 = .always
    change(&endpoint)
    return UpstreamPool(loop, endpoint)
  }

  fileprivate func received(_ request: H2BackendRequest) {
    requests.append(request)
    onRequest(request)
  }
}

final class H2BackendConnection {
  let session: HTTP2Session
  let transport: Transport
  private unowned let backend: H2Backend
  private(set) var ended: NetFailure?
  private(set) var farewells: [String] = []

  init(_ backend: H2Backend, _ transport: Transport) {
    self.backend = backend
    self.transport = transport
    session = HTTP2Session(.server, backend.limits)
    session.delegate = self
    transport.setDelegate(self)
    transport.fillsAtFlush = true
    if let tls = backend.tls {
      transport.secure(TLSSession(server: tls), received: ByteView(start: nil, count: 0))
    }
    transport.wrote()
    transport.resumeReading()
  }

  func close() {
    session.abandonStreams()
    session.delegate = nil
    transport.close()
  }
}

extension H2BackendConnection: HTTP2SessionDelegate, TransportDelegate {
  func sessionOpened(_ stream: HTTP2Stream) -> RequestHead? {
    let request = H2BackendRequest(self, stream)
    stream.handler = request
    return request.head
  }

  func sessionHasOutput() { transport.wrote() }

  func sessionReceivedGoAway(lastStream: Int32, _ code: HTTP2ErrorCode) { farewells.append("\(code.name)") }

  func sessionEndsFlood(_ cause: FloodGuard.Cause) {}

  func transport(_ transport: Transport, didRead bytes: ByteView) { session.receive(bytes, now: backend.loop.now) }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    ended = failure
    close()
  }

  func transportDidDrain(_ transport: Transport) {}

  func transportWillFlush(_ transport: Transport) { session.send(to: transport.outputBuffer, limit: .max) }

  fileprivate func received(_ request: H2BackendRequest) { backend.received(request) }
}

/// One request at the backend.
final class H2BackendRequest: HTTP2StreamHandler {
  let head = RequestHead()
  let connection: H2BackendConnection
  private let stream: HTTP2Stream
  private(set) var length = BodyLength.none
  private(set) var received: [UInt8] = []
  /// The end of the request and of the stream, in words.
  private(set) var events: [String] = []
  var consumes = true

  fileprivate init(_ connection: H2BackendConnection, _ stream: HTTP2Stream) {
    self.connection = connection
    self.stream = stream
  }

  var text: String { String(decoding: received, as: UTF8.self) }
  var path: String { head.path.text }
  var hasEnded: Bool { events.contains { $0.hasPrefix("end") } }

  func answer(_ body: String) {
    respond(200, body: true)
    write(body)
    finish()
  }

  func respond(_ status: Int, _ fields: Fields = Fields(capacity: 64), body: Bool) {
    stream.respond(status, fields, contentLength: nil, date: nil, hasBody: body)
  }

  func inform(_ status: Int) { stream.inform(status, nil) }

  func write(_ text: String) { write([UInt8](text.utf8)) }

  func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { _ = stream.write($0) } }

  func finish(_ trailers: Fields? = nil) { stream.finish(trailers) }

  func reset(_ code: HTTP2ErrorCode) { stream.reset(code) }

  func consume() {
    consumes = true
    stream.consumed(received.count)
  }

  func streamReceivedHead(_ length: BodyLength) {
    self.length = length
    if length == .none { events.append("end") }
    connection.received(self)
  }

  func streamReceivedInformational() {}

  func streamReceivedFault(_ fault: WireFault, isMalformed: Bool) { events.append("fault \(fault.reason)") }

  func streamReceived(_ bytes: ByteView) {
    received += bytes
    if consumes { stream.consumed(bytes.count) }
  }

  func streamEnded(_ trailers: Fields?) {
    events.append(trailers.map { "end \($0.spelling(0).text)=\($0.value(0).text)" } ?? "end")
  }

  func streamDrained() {}

  func streamClosed(_ code: HTTP2ErrorCode) { events.append("closed \(code.name)") }
}
