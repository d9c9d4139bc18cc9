import Bytes
import HTTP
import Outbound
import Testing
import Wire

/// Requests that are sent once more.
struct RequestReplayTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  /// Between a client's body and the backend, as a relay is: it knows both ends.
  private final class Middle: BodySource {
    var sink: (any BodySink)?
    func resume() {}
    func cancel(_ failure: BodyFailure) {}
  }

  private final class Sender: UpstreamClient, BodySink {
    let request = RequestHead()
    let middle = Middle()
    var isOver = false

    init() {
      [UInt8]("POST/".utf8).withUnsafeBytes { _ = request.fields.store($0) }
      request.setMethod(0, 4)
      request.setTarget(path: (4, 1), query: nil)
      request.fields.append("Host", "backend")
    }

    func upstreamReady(_ stream: any UpstreamStream) { middle.sink = stream.send(request, .unknown, from: middle) }
    func upstreamInformed(_ head: ResponseHead) {}
    func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? { self }
    func upstreamFailed(_ failure: UpstreamFailure) { isOver = true }
    func write(_ bytes: ByteView) -> Flow { .more }
    func finish(_ trailers: Fields?) { isOver = true }
    func fail(_ failure: BodyFailure) { isOver = true }
  }

  @Test func anEarlyResponseToASecondStreamLeavesNobodyBehind() throws {
    let backend = try H2Backend(test)
    backend.onRequest = { [unowned backend] in
      if backend.requests.count == 1 { $0.reset(.refusedStream) } else { $0.answer("early") }
    }
    weak var middle: Middle?
    do {
      let sender = Sender()
      middle = sender.middle
      backend.pool().acquire(for: sender)
      try test.run(until: { sender.isOver })
      #expect(backend.requests.count == 2)
    }
    try test.run(for: 3)
    #expect(middle == nil)
  }
}
