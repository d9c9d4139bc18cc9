import Bytes
import HTTP
import Testing

@testable import Wire

/// What one stream has been told, as lines of text; body bytes that follow each other are one line.
final class StreamRecorder: HTTP2StreamHandler {
  let request = RequestHead()
  var stream: HTTP2Stream?
  private(set) var lines: [String] = []
  private(set) var received = 0
  private(set) var closures = 0
  /// Calls that came behind `streamClosed`.
  private(set) var strays = 0
  /// Body bytes that wait until `consume` is called.
  private(set) var waiting = 0
  var consumesAtOnce = true
  /// Keeps the text of bodies in `lines`; otherwise only their size is counted.
  var keepsBodies = true
  private var body = ""
  /// Called after each line.
  var onLine: (StreamRecorder, String) -> Void = { _, _ in }

  private func add(_ line: String) {
    if closures > 0 { strays += 1 }
    if !body.isEmpty { lines.append("body \(body)") }
    body = ""
    lines.append(line)
    onLine(self, line)
  }

  func consume() {
    stream?.consumed(waiting)
    waiting = 0
  }

  func streamReceivedHead(_ length: BodyLength) {
    if let response = stream?.responseHead {
      add("head \(response.status) [\(response.fields.line)] \(length.word)")
    } else {
      add("head \(Self.describe(request)) \(length.word)")
    }
  }

  static func describe(_ head: RequestHead) -> String {
    let query = head.query.map { "?\($0.text)" } ?? ""
    return
      "\(head.methodName.text) \(head.path.text)\(query) @\(head.authority?.text ?? "-") [\(head.fields.line)]"
  }

  func streamReceivedInformational() {
    add("informational \(stream?.responseHead?.status ?? 0) [\(stream?.responseHead?.fields.line ?? "")]")
  }

  func streamReceivedFault(_ fault: WireFault, isMalformed: Bool) {
    add("\(fault.line)\(isMalformed ? " malformed" : "")")
  }

  func streamReceived(_ bytes: ByteView) {
    if closures > 0 { strays += 1 }
    received += bytes.count
    waiting += bytes.count
    if keepsBodies { body += bytes.text }
    if consumesAtOnce { consume() }
  }

  func streamEnded(_ trailers: Fields?) { add(trailers.map { "end \($0.line)" } ?? "end") }

  func streamDrained() { add("drained") }

  func streamClosed(_ code: HTTP2ErrorCode) {
    add("closed \(code.name)")
    closures += 1
  }
}

/// One end of a connection in memory.
final class HTTP2Endpoint: HTTP2SessionDelegate {
  let session: HTTP2Session
  private(set) var streams: [StreamRecorder] = []
  private(set) var causes: [FloodGuard.Cause] = []
  private(set) var goAways: [String] = []
  var now: UInt64 = 0
  /// Called with each stream that the peer opens, before it is told of anything.
  var prepare: (StreamRecorder) -> Void = { _ in }
  /// Takes no stream: `sessionOpened` answers nil.
  var takesNone = false

  init(
    _ role: HTTP2Session.Role, head: HeadLimits = HeadLimits(), streams: Int = 128,
    adjust: (inout HTTP2Limits) -> Void = { _ in }
  ) {
    var limits = HTTP2Limits(head: head, streams: streams)
    adjust(&limits)
    session = HTTP2Session(role, limits)
    session.delegate = self
  }

  /// A server that has exchanged the prefaces with its client.
  static func server(
    head: HeadLimits = HeadLimits(), streams: Int = 128, adjust: (inout HTTP2Limits) -> Void = { _ in }
  ) -> HTTP2Endpoint {
    let server = HTTP2Endpoint(.server, head: head, streams: streams, adjust: adjust)
    server.receive(HTTP2Frame.preface + Send.settings() + Send.settingsAck)
    _ = server.output()
    return server
  }

  /// A client that has exchanged the prefaces with its server.
  static func client(head: HeadLimits = HeadLimits(), settings: [(UInt16, UInt32)] = []) -> HTTP2Endpoint {
    let client = HTTP2Endpoint(.client, head: head)
    client.receive(Send.settings(settings) + Send.settingsAck)
    _ = client.output()
    return client
  }

  /// Two ends that know each other's settings.
  static func pair() -> (client: HTTP2Endpoint, server: HTTP2Endpoint) {
    let pair = (client: HTTP2Endpoint(.client), server: HTTP2Endpoint(.server))
    pump(pair.client, pair.server)
    return pair
  }

  /// Carries bytes to and fro until neither end has any more.
  @discardableResult
  static func pump(_ one: HTTP2Endpoint, _ other: HTTP2Endpoint) -> [HTTP2Frame] {
    var seen: [HTTP2Frame] = []
    while true {
      let there = one.output()
      other.receive(there)
      let back = other.output()
      one.receive(back)
      seen += HTTP2Frame.read(there) + HTTP2Frame.read(back)
      if there.isEmpty, back.isEmpty { return seen }
    }
  }

  func receive(_ bytes: [UInt8]) { bytes.lend { session.receive($0, now: now) } }

  func output(limit: Int = .max) -> [UInt8] {
    let buffer = ByteBuffer()
    session.send(to: buffer, limit: limit)
    return [UInt8](buffer.view)
  }

  /// What is sent now, a line for each frame.
  func sent(limit: Int = .max) -> [String] { HTTP2Frame.read(output(limit: limit)).map(\.line) }

  func request(
    _ method: String = "GET", _ path: String = "/", query: String? = nil, fields: [(String, String)] = [],
    contentLength: Int? = nil, hasBody: Bool = false, recorder: StreamRecorder = StreamRecorder()
  ) -> StreamRecorder {
    let head = RequestHead()
    head.setMethod([UInt8](method.utf8).lend { head.fields.store($0) }, method.utf8.count)
    let pathOffset = [UInt8](path.utf8).lend { head.fields.store($0) }
    head.setTarget(
      path: (pathOffset, path.utf8.count),
      query: query.map { query in ([UInt8](query.utf8).lend { head.fields.store($0) }, query.utf8.count) })
    for (name, value) in [("Host", "a")] + fields { head.fields.add(name, value) }
    recorder.stream = session.request(
      head, scheme: "https", contentLength: contentLength, hasBody: hasBody, handler: recorder)
    streams.append(recorder)
    return recorder
  }

  /// Ends the streams, and the cycle between this and the session.
  func close() {
    session.abandonStreams()
    session.delegate = nil
  }

  func sessionOpened(_ stream: HTTP2Stream) -> RequestHead? {
    let recorder = StreamRecorder()
    recorder.stream = stream
    stream.handler = recorder
    streams.append(recorder)
    prepare(recorder)
    return takesNone ? nil : recorder.request
  }

  func sessionHasOutput() {}

  func sessionReceivedGoAway(lastStream: Int32, _ code: HTTP2ErrorCode) {
    goAways.append("\(lastStream) \(code.name)")
  }

  func sessionEndsFlood(_ cause: FloodGuard.Cause) { causes.append(cause) }
}

extension Fields {
  func add(_ name: String, _ value: String) {
    [UInt8](name.utf8).lend { name in [UInt8](value.utf8).lend { append(name, $0) } }
  }

  static func of(_ fields: [(String, String)]) -> Fields {
    let result = Fields()
    for (name, value) in fields { result.add(name, value) }
    return result
  }
}

extension HTTP2Stream {
  func write(_ bytes: [UInt8]) -> Flow { bytes.lend { write($0) } }

  func write(_ text: String) -> Flow { write([UInt8](text.utf8)) }

  func respond(_ status: Int = 200, _ fields: [(String, String)] = [], length: Int? = nil, hasBody: Bool = false) {
    respond(status, .of(fields), contentLength: length, date: nil, hasBody: hasBody)
  }
}
