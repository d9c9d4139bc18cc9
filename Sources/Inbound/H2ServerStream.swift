import Bytes
import HTTP
import Net
import Pipeline
import Telemetry
import Wire

/// One exchange on a client's HTTP/2 connection: between the frames of its stream and the stages.
final class H2ServerStream {
  private enum Phase {
    /// The field section is under way.
    case head
    case body
    /// The request has arrived whole.
    case answering
    /// The response has been handed over; what still comes of the request is thrown away.
    case discarding
    case closed
  }

  private let connection: H2ServerConnection
  private let stream: HTTP2Stream
  private var phase = Phase.head
  private var exchange: Exchange?
  private var deadline: Deadline?

  private var bodySink: (any BodySink)?
  private var bodyIsWanted = false
  private var bodyHasEnded = false
  private var bodyTrailers: Fields?
  /// Body bytes that came before anybody wanted them; the peer's window bounds them.
  private let held: ByteBuffer
  /// Bytes handed on of which the peer is told when the receiver can take more.
  private var unacknowledged = 0
  private var awaitsContinue = false
  private var discardBudget = H2ServerStream.discardLimit

  /// Resumed when the client, having been too slow for the response, reads on.
  private var responseSource: (any BodySource)?
  private var isBodiless = false
  private var clock = ExchangeClock()

  /// Bytes of an unwanted body that are taken before the stream is reset.
  private static let discardLimit = 262_144

  private var service: InboundService { connection.service }

  init(_ connection: H2ServerConnection, _ stream: HTTP2Stream) {
    self.connection = connection
    self.stream = stream
    held = ByteBuffer(pool: connection.service.loop.buffers)
    exchange = connection.service.takeExchange()
  }

  /// Where the fields of the head go.
  var request: RequestHead? { exchange?.request }

  // MARK: Beginning

  private func begin(_ length: BodyLength) -> Exchange? {
    guard let exchange else { return nil }
    phase = length == .none ? .answering : .body
    clock.begin(service.loop.now)
    let deadline = Deadline(service.loop.deadlines) { [unowned self] in deadlinePassed() }
    self.deadline = deadline
    deadline.set(at: exchangeDue)
    service.begin(exchange, self, length, connection.visitor)
    return exchange
  }

  // MARK: The request's body

  /// Hands on what waits, as far as it is wanted.
  private func deliverHeld() {
    guard phase == .body, bodyIsWanted else { return }
    if !held.isEmpty {
      let waiting = ByteBuffer(pool: service.loop.buffers)
      waiting.swapContents(with: held)
      deliver(waiting.view)
    }
    guard bodyHasEnded, bodyIsWanted, phase == .body else { return }
    endBody()
  }

  private func deliver(_ bytes: ByteView) {
    clock.received(bytes.count, service.loop.now)
    unacknowledged += bytes.count
    if bodySink?.write(bytes) == .more { acknowledge() } else { bodyIsWanted = false }
  }

  private func acknowledge() {
    stream.consumed(unacknowledged)
    unacknowledged = 0
  }

  private func endBody() {
    phase = .answering
    deadline?.set(at: exchangeDue)
    let sink = bodySink
    bodySink = nil
    sink?.finish(bodyTrailers)
  }

  private func discard(_ count: Int) {
    discardBudget -= count
    if discardBudget >= 0 { return stream.consumed(count) }
    // With the reset behind the whole response the client knows that it is whole (RFC 9113 §8.1). Until then it gets
    // no more window.
    if stream.hasSentEnd { stream.reset(.noError) }
  }

  // MARK: The end of an exchange

  /// The response has been handed over whole.
  private func responseEnded() {
    guard let finished = exchange else { return }
    exchange = nil
    bodySink = nil
    responseSource = nil
    let owesBody = phase == .body && !bodyHasEnded
    phase = .discarding
    clock.moved(service.loop.now)
    deadline?.set(in: owesBody ? service.settings.requestBody : service.settings.streamIdle)
    service.finish(finished, connection.visitor)
    held.clear()
    // What has come so far is thrown away; a client that goes on sending gets no more window than that.
    if owesBody { discard(stream.unconsumed) }
  }

  /// The response cannot be completed, and the client must see that (GW-88).
  private func truncate(_ reason: StaticString) {
    abandon(.clientFault, reason)
    stream.reset(.internalError)
  }

  /// Ends the running exchange, if there is one, without an answer.
  private func abandon(_ cancelReason: CancelReason, _ reason: StaticString? = nil) {
    guard let abandoned = exchange else { return }
    exchange = nil
    bodySink = nil
    responseSource = nil
    if let reason, abandoned.record.reason == nil { abandoned.record.reason = reason }
    if phase == .head { return service.returnExchange(abandoned) }
    abandoned.cancel(cancelReason)
    service.finish(abandoned, connection.visitor)
  }

  // MARK: Time

  /// When the running exchange is over, unless something moves.
  private var exchangeDue: UInt64 {
    clock.due(service.settings, owesBody: owesBody)
  }

  /// Whether it is the client's turn to send its body.
  private var owesBody: Bool { phase == .body && bodyIsWanted }

  private func deadlinePassed() {
    switch phase {
    case .head, .closed: break
    case .discarding: stream.reset(stream.hasSentEnd ? .noError : .cancel)
    case .body, .answering:
      if service.loop.now < exchangeDue { deadline?.set(at: exchangeDue) } else { timedOut() }
    }
  }

  private func timedOut() {
    guard let exchange else { return }
    let owedBody = owesBody
    exchange.cancel(.timedOut)
    guard self.exchange != nil else { return }
    if exchange.hasResponded { return truncate("timed_out") }
    exchange.reject(
      owedBody ? .malformed(408, reason: "request_body_timeout") : .gatewayTimeout("exchange_timeout"))
  }
}

extension H2ServerStream: HTTP2StreamHandler {
  func streamReceivedHead(_ length: BodyLength) {
    guard let exchange = begin(length) else { return }
    awaitsContinue =
      length != .none && exchange.request.fields.first(.expect)?.equalsIgnoringCase("100-continue") == true
    service.handle(exchange)
  }

  func streamReceivedInformational() {}

  func streamReceivedFault(_ fault: WireFault, isMalformed: Bool) {
    guard let exchange = begin(.unknown) else { return }
    if isMalformed { return abandon(.clientFault, fault.reason) }
    exchange.reject(.malformed(fault.status, reason: fault.reason))
  }

  func streamReceived(_ bytes: ByteView) {
    switch phase {
    case .body:
      exchange?.record.bytesIn += bytes.count
      awaitsContinue = false
      if bodyIsWanted, held.isEmpty { deliver(bytes) } else { held.append(bytes) }
    case .head, .answering, .discarding: discard(bytes.count)
    case .closed: break
    }
  }

  func streamEnded(_ trailers: Fields?) {
    bodyHasEnded = true
    bodyTrailers = trailers
    if phase == .body, bodyIsWanted, held.isEmpty { endBody() }
  }

  func streamDrained() {
    clock.moved(service.loop.now)
    responseSource?.resume()
  }

  func streamClosed(_ code: HTTP2ErrorCode) {
    switch phase {
    // The library has found the field section malformed.
    case .head where code == .protocolError: if begin(.unknown) != nil { abandon(.clientFault, "malformed_head") }
    case .head, .body, .answering: abandon(code == .protocolError ? .clientFault : connection.cancelReason)
    case .discarding, .closed: break
    }
    phase = .closed
    deadline?.invalidate()
    deadline = nil
    held.clear()
    connection.streamClosed()
  }
}

extension H2ServerStream: Responder {
  var requestBody: any BodySource { self }

  func deliverBody(to sink: any BodySink) { bodySink = sink }

  func inform(_ status: Int, _ fields: Fields?) { stream.inform(status, fields) }

  func begin(_ head: ResponseHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink {
    responseSource = source
    clock.moved(service.loop.now)
    let forbidsBody = head.status == 204 || head.status == 304
    isBodiless = forbidsBody || exchange?.request.method == .head
    service.withDate { clock in
      clock.withDate { date in
        stream.respond(
          head.status, head.fields, contentLength: announced(head, length), date: date,
          hasBody: !isBodiless && length != .none && length != .known(0))
      }
    }
    if length == .none || length == .known(0) { isBodiless = true }
    return self
  }

  private func announced(_ head: ResponseHead, _ length: BodyLength) -> Int? {
    if head.status == 204 { return nil }
    switch length {
    case .known(let length): return length
    case .none: return isBodiless ? head.fields.first(.contentLength).flatMap { Int($0.text) } : 0
    case .unknown: return nil
    }
  }
}

extension H2ServerStream: BodySink {
  func write(_ bytes: ByteView) -> Flow {
    guard let exchange, exchange.hasResponded else { return .wait }
    clock.moved(service.loop.now)
    if isBodiless { return .more }
    exchange.record.bytesOut += bytes.count
    return stream.write(bytes)
  }

  func finish(_ trailers: Fields?) {
    guard exchange != nil else { return }
    if !isBodiless { stream.finish(trailers) }
    responseEnded()
  }

  func fail(_ failure: BodyFailure) {
    switch failure {
    case .malformed: truncate("upstream_malformed")
    case .timedOut: truncate("exchange_timeout")
    case .aborted, .tooLarge, .cancelled: truncate("upstream_aborted")
    }
  }
}

extension H2ServerStream: BodySource {
  func resume() {
    guard phase == .body, !bodyIsWanted else { return }
    bodyIsWanted = true
    clock.awaitBody(service.loop.now)
    deadline?.set(at: exchangeDue)
    if awaitsContinue, held.isEmpty {
      awaitsContinue = false
      stream.inform(100, nil)
    }
    acknowledge()
    deliverHeld()
  }

  /// Nobody wants the rest of the body.
  func cancel(_ failure: BodyFailure) {
    bodyIsWanted = false
    bodySink = nil
  }
}
