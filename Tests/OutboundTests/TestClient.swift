import Bytes
import HTTP
import Net
import Outbound

/// Somebody who makes one request, and what becomes of it.
final class TestClient: UpstreamClient {
  let request = RequestHead()
  let source = TestSource()
  private let length: BodyLength
  private let body: String?
  /// Everything but the body.
  private(set) var events: [String] = []
  private(set) var received: [UInt8] = []
  private(set) var stream: (any UpstreamStream)?
  private(set) var requestSink: (any BodySink)?
  private(set) var failure: UpstreamFailure?
  /// What it answers to body bytes.
  var flow = Flow.more
  /// Whether it wants the response.
  var wantsResponse = true
  /// Called when the request has been sent.
  var onSent: () -> Void = {}

  /// - Parameter body: sent at once and finished; nil leaves the body to the test.
  init(_ method: String = "GET", _ path: String = "/", length: BodyLength = .none, body: String? = nil) {
    self.length = length
    self.body = body
    let text = [UInt8]((method + path).utf8)
    text.withUnsafeBytes { _ = request.fields.store($0) }
    request.setMethod(0, method.utf8.count)
    request.setTarget(path: (method.utf8.count, path.utf8.count), query: nil)
    request.fields.append("Host", "backend")
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  /// Whether the response is complete or will never be.
  var isOver: Bool { events.last.map { $0.hasPrefix("fin") || $0.hasPrefix("fail") } ?? false }

  func upstreamReady(_ stream: any UpstreamStream) {
    self.stream = stream
    let sink = stream.send(request, length, from: source)
    requestSink = sink
    if let body {
      [UInt8](body.utf8).withUnsafeBytes { _ = sink.write($0) }
      sink.finish(nil)
    }
    onSent()
  }

  func upstreamInformed(_ head: ResponseHead) { events.append("informed \(head.status)") }

  func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? {
    events.append("responded \(head.status) \(length)")
    return wantsResponse ? self : nil
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    self.failure = failure
    events.append("failed \(failure.reason)")
  }
}

extension TestClient: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    received += bytes
    return flow
  }

  func finish(_ trailers: Fields?) {
    events.append(trailers.map { "finished \($0.spelling(0).text)=\($0.value(0).text)" } ?? "finished")
  }

  func fail(_ failure: BodyFailure) { events.append("fail \(failure)") }
}

/// Where the request's body comes from.
final class TestSource: BodySource {
  private(set) var resumes = 0
  var onResume: () -> Void = {}

  func resume() {
    resumes += 1
    onResume()
  }

  func cancel(_ failure: BodyFailure) {}
}

extension ScriptedServer {
  /// A pool of connections to this server.
  func pool(_ loop: Loop, _ change: (inout UpstreamEndpoint) -> Void = { _ in }) -> UpstreamPool {
    var endpoint = UpstreamEndpoint(.host("127.0.0.1", port: port))
    change(&endpoint)
    return UpstreamPool(loop, endpoint)
  }
}
