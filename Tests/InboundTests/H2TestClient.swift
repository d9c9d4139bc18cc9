import Bytes
import HTTP
import Net
import Wire

/// Carries the bytes of a client.
protocol Wire: Pumped {
  var received: [UInt8] { get }
  func send(_ bytes: [UInt8])
}

extension TestClient: Wire {}

extension SecurePeer: Wire {
  /// The loop moves it.
  func pump() {}

  func close() { transport.close() }
}

/// A client that speaks HTTP/2.
final class H2TestClient: Pumped {
  let session: HTTP2Session
  private let wire: any Wire
  private let output = ByteBuffer()
  private var taken = 0
  /// The GOAWAY frames that have come.
  private(set) var farewells: [String] = []
  /// While false, what comes is left where it is.
  var isListening = true

  init(_ wire: any Wire, _ limits: HTTP2Limits) {
    self.wire = wire
    session = HTTP2Session(.client, limits)
    session.delegate = self
  }

  func pump() {
    wire.pump()
    let bytes = isListening ? [UInt8](wire.received.dropFirst(taken)) : []
    taken += bytes.count
    if !bytes.isEmpty { bytes.withUnsafeBytes { session.receive($0, now: Loop.nanoseconds / 1_000_000) } }
    let waiting = takeOutput()
    if !waiting.isEmpty { wire.send(waiting) }
  }

  /// What it has to say, for a test that sends it itself.
  func takeOutput() -> [UInt8] {
    session.send(to: output, limit: .max)
    defer { output.clear() }
    return [UInt8](output.view)
  }

  func close() {
    session.abandonStreams()
    session.delegate = nil
    wire.close()
  }

  /// Begins a request. With a `length` other than `.none` its body is the test's.
  @discardableResult
  func call(
    _ method: String, _ path: String, _ fields: [(String, String)] = [], length: BodyLength = .none
  ) -> H2Call {
    let head = RequestHead()
    let text = [UInt8]((method + path).utf8)
    text.withUnsafeBytes { _ = head.fields.store($0) }
    head.setMethod(0, method.utf8.count)
    head.setTarget(path: (method.utf8.count, path.utf8.count), query: nil)
    for (name, value) in [("host", "gateway.example")] + fields {
      Array(name.utf8).withUnsafeBytes { name in
        Array(value.utf8).withUnsafeBytes { value in head.fields.append(name, value) }
      }
    }
    var announced: Int?
    if case .known(let count) = length { announced = count }
    let call = H2Call()
    call.stream = session.request(
      head, scheme: "https", contentLength: announced, hasBody: length != .none, handler: call)
    return call
  }
}

extension H2TestClient: HTTP2SessionDelegate {
  func sessionHasOutput() {}
  func sessionReceivedGoAway(lastStream: Int32, _ code: HTTP2ErrorCode) {
    farewells.append("\(lastStream) \(code.name)")
  }
  func sessionEndsFlood(_ cause: FloodGuard.Cause) {}
}

/// One request of such a client, and what becomes of it.
final class H2Call: HTTP2StreamHandler {
  fileprivate(set) var stream: HTTP2Stream?
  /// Everything but the body, in words.
  private(set) var events: [String] = []
  private(set) var received: [UInt8] = []
  private(set) var fields: [String: String] = [:]
  private(set) var drains = 0
  /// Whether body bytes are consumed as they come.
  var consumes = true

  var text: String { String(decoding: received, as: UTF8.self) }

  /// Whether the response is complete, or will never be.
  var isOver: Bool { events.contains { $0.hasPrefix("closed") } }

  func send(_ text: String) { send([UInt8](text.utf8)) }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { _ = stream?.write($0) } }

  func finish(_ trailers: Fields? = nil) { stream?.finish(trailers) }

  func reset(_ code: HTTP2ErrorCode = .cancel) { stream?.reset(code) }

  /// Consumes what has come and what will come.
  func consume() {
    consumes = true
    stream?.consumed(received.count)
  }

  func streamReceivedHead(_ length: BodyLength) {
    guard let head = stream?.responseHead else { return }
    events.append("head \(head.status) \(length)")
    for index in 0..<head.fields.count {
      fields[head.fields.spelling(index).text] = head.fields.value(index).text
    }
  }

  func streamReceivedInformational() { events.append("informed \(stream?.responseHead?.status ?? 0)") }

  func streamReceivedFault(_ fault: WireFault, isMalformed: Bool) { events.append("fault \(fault.reason)") }

  func streamReceived(_ bytes: ByteView) {
    received += bytes
    if consumes { stream?.consumed(bytes.count) }
  }

  func streamEnded(_ trailers: Fields?) {
    events.append(trailers.map { "end \($0.spelling(0).text)=\($0.value(0).text)" } ?? "end")
  }

  func streamDrained() { drains += 1 }

  func streamClosed(_ code: HTTP2ErrorCode) { events.append("closed \(code.name)") }
}
