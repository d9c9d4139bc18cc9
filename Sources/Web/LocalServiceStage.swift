import Bytes
import HTTP
package import Net
package import Pipeline
import Telemetry

/// Mounts a `LocalService` on a route: gathers the request, asks the service, sends the reply.
package final class LocalServiceStage: Stage {
  package let label: StaticString = "local_service"
  private let loop: Loop
  private let service: any LocalService
  private let turns: FairTurns

  /// - Parameter turns: share one among all services whose work adds up.
  package init(_ loop: Loop, _ service: any LocalService, _ turns: FairTurns) {
    self.loop = loop
    self.turns = turns
    self.service = service
  }

  package func handle(_ exchange: Exchange) -> Verdict {
    let gathering = Gathering(exchange) { [self] body in queue(exchange, body) }
    exchange.undertake(gathering)
    guard exchange.bodyLength != .none, let source = exchange.deliverBody(to: gathering) else {
      queue(exchange, [])
      return .taken
    }
    source.resume()
    return .taken
  }

  private func queue(_ exchange: Exchange, _ body: [UInt8]) {
    if let ticket = turns.take({ [self] in answer(exchange, body) }) { exchange.undertake(ticket) }
  }

  private func answer(_ exchange: Exchange, _ body: [UInt8]) {
    let request = exchange.request
    var fields: [(name: String, value: String)] = []
    for index in 0..<request.fields.count where request.fields.name(index) != .removed {
      fields.append((request.fields.spelling(index).text.lowercased(), request.fields.value(index).text))
    }
    let answer = service.respond(
      to: LocalRequest(
        method: request.methodName.text, path: request.path.text, query: request.query?.text, fields: fields,
        body: body, clientAddress: exchange.clientAddress),
      now: Loop.unixTime)
    switch answer {
    case .reply(let reply): send(reply, exchange)
    case .suspended(let suspension):
      exchange.undertake(suspension)
      if let reply = suspension.park({ [self] in send($0, exchange) }) { send(reply, exchange) }
    }
  }

  private func send(_ reply: LocalReply, _ exchange: Exchange) {
    exchange.record.reason = reply.reason
    exchange.record.detail = reply.detail
    let head = ResponseHead()
    head.status = reply.status
    for (name, value) in reply.fields {
      [UInt8](name.utf8).withUnsafeBytes { name in
        [UInt8](value.utf8).withUnsafeBytes { head.fields.append(name, $0) }
      }
    }
    let isHead = exchange.request.method == .head
    switch reply.content {
    case .bytes(let bytes):
      guard let sink = exchange.begin(head, .known(bytes.count), from: nil) else { return }
      if !isHead, !bytes.isEmpty { bytes.withUnsafeBytes { _ = sink.write($0) } }
      sink.finish(nil)
    case .events(let events, let holdOpen):
      guard let sink = exchange.begin(head, .unknown, from: nil) else { return }
      guard !isHead else { return sink.finish(nil) }
      let stream = EventPlayback(loop, events, holdOpen: holdOpen, sink)
      exchange.undertake(stream)
      stream.start()
    }
  }
}

/// Gathers a request's body, up to a limit.
private final class Gathering: BodySink, Cancellable {
  private var exchange: Exchange?
  private var body: [UInt8] = []
  private let completion: ([UInt8]) -> Void

  private static let limit = 1 << 20

  init(_ exchange: Exchange, _ completion: @escaping ([UInt8]) -> Void) {
    self.exchange = exchange
    self.completion = completion
  }

  func write(_ bytes: ByteView) -> Flow {
    guard let exchange else { return .wait }
    guard body.count + bytes.count <= Self.limit else {
      self.exchange = nil
      exchange.reject(.bodyTooLarge)
      return .wait
    }
    body.append(contentsOf: bytes)
    return .more
  }

  func finish(_ trailers: Fields?) {
    guard exchange != nil else { return }
    exchange = nil
    completion(body)
  }

  func fail(_ failure: BodyFailure) { exchange = nil }

  func cancel(_ reason: CancelReason) { exchange = nil }
}
