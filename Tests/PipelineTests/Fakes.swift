import Bytes
import HTTP
import Pipeline

extension String {
  func lend<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result { try [UInt8](utf8).withUnsafeBytes(body) }
}

extension Fields {
  /// The remaining fields, one after the other.
  var line: String {
    (0..<count).filter { name($0) != .removed }.map { "\(spelling($0).text)=\(value($0).text)" }
      .joined(separator: "|")
  }
}

extension RequestHead {
  /// Sets what a codec would have parsed.
  func set(
    _ method: String, _ path: String, query: String? = nil, authority: String? = nil, _ lines: [(String, String)] = []
  ) {
    clear()
    func store(_ text: String) -> (offset: Int, length: Int) { (text.lend { fields.store($0) }, text.utf8.count) }
    let methodText = store(method)
    setMethod(methodText.offset, methodText.length)
    setTarget(path: store(path), query: query.map(store))
    setAuthority(authority.map(store))
    for (name, value) in lines { name.lend { name in value.lend { fields.append(name, $0) } } }
  }
}

/// A body's receiver that writes down what comes.
final class RecordingSink: BodySink {
  private(set) var events: [String] = []
  /// What it answers to writes.
  var flow = Flow.more

  func write(_ bytes: ByteView) -> Flow {
    events.append("write \(bytes.text)")
    return flow
  }

  func finish(_ trailers: Fields?) { events.append(trailers.map { "finish \($0.line)" } ?? "finish") }

  func fail(_ failure: BodyFailure) { events.append("fail \(failure)") }
}

/// A body's producer that writes down what is asked of it.
final class RecordingSource: BodySource {
  private(set) var events: [String] = []

  func resume() { events.append("resume") }
  func cancel(_ failure: BodyFailure) { events.append("cancel \(failure)") }
}

/// The client's side of an exchange.
final class FakeResponder: Responder {
  let source = RecordingSource()
  let sink = RecordingSink()
  private(set) var events: [String] = []
  private(set) var bodySink: (any BodySink)?
  private(set) var responseSource: (any BodySource)?

  var requestBody: any BodySource { source }

  func deliverBody(to sink: any BodySink) { bodySink = sink }

  func inform(_ status: Int, _ fields: Fields?) { events.append("inform \(status) [\(fields?.line ?? "")]") }

  func begin(_ head: ResponseHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink {
    events.append("begin \(head.status) [\(head.fields.line)] \(length)")
    responseSource = source
    return sink
  }
}

/// A stage that does what the test says.
final class FakeStage: Stage, AmendingStep {
  let label: StaticString = "fake"
  private let name: String
  private let decide: (Exchange) -> Verdict

  init(_ name: String = "stage", _ decide: @escaping (Exchange) -> Verdict = { _ in .proceed }) {
    self.name = name
    self.decide = decide
  }

  func handle(_ exchange: Exchange) -> Verdict { decide(exchange) }

  func amend(_ head: ResponseHead, _ exchange: Exchange) { name.lend { head.fields.append("Amended", $0) } }
}

final class FakeGate: Gate, AmendingStep {
  let label: StaticString = "gate"
  private let decide: (Exchange) -> GateVerdict

  init(_ decide: @escaping (Exchange) -> GateVerdict = { _ in .admit(.anonymous(.asConfigured())) }) {
    self.decide = decide
  }

  func admit(_ exchange: Exchange) -> GateVerdict { decide(exchange) }

  func amend(_ head: ResponseHead, _ exchange: Exchange) { head.fields.append("Amended", "gate") }
}

final class FakeAdmitted: AdmittedStage, AmendingStep {
  let label: StaticString = "admitted"
  private let name: String
  private let decide: (Exchange, Admission) -> Verdict

  init(_ name: String = "admitted", _ decide: @escaping (Exchange, Admission) -> Verdict) {
    self.name = name
    self.decide = decide
  }

  func handle(_ exchange: Exchange, _ admission: Admission) -> Verdict { decide(exchange, admission) }

  func amend(_ head: ResponseHead, _ exchange: Exchange) { name.lend { head.fields.append("Amended", $0) } }
}

/// Work that is under way and can be cancelled.
final class FakeWork: Cancellable {
  private(set) var reasons: [CancelReason] = []
  func cancel(_ reason: CancelReason) { reasons.append(reason) }
}

extension Exchange {
  /// Begins a request and sends it through the stages of a route.
  func run(_ path: RequestPath, for responder: FakeResponder, method: String = "POST", length: BodyLength = .none) {
    request.set(method, "/mcp")
    begin(responder, bodyLength: length, clientAddress: Array("10.0.0.1".utf8), startedAt: 1)
    run(Route(name: "route", authority: nil, path: "/mcp", isPrefix: true, path))
  }
}

extension RequestID {
  var text: String {
    var text = ""
    withText { text = $0.text }
    return text
  }
}
