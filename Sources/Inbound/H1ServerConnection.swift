import Bytes
import HTTP
import Net
import Pipeline
import Telemetry
import Wire

/// A client's connection that speaks HTTP/1.1: requests one after the other, pipelined ones in order.
final class H1ServerConnection: ServerConnection {
  enum Phase {
    /// Between requests, or inside a head.
    case head
    /// A request is under way and its body has not ended.
    case body
    /// A request has arrived whole; its response is under way.
    case answering
    /// The response has been sent; the rest of the request's body is thrown away.
    case discarding
    /// The last response has been sent; what still comes is thrown away until the client closes.
    case lingering
    case closed
  }

  let service: InboundService
  let transport: Transport
  var index = 0
  let visitor: Visitor
  var phase = Phase.head
  private var decoder: RequestDecoder
  private var deadline: Deadline?

  /// Input that waits for its turn.
  private var held: ByteBuffer?
  private var isDelivering = false

  var exchange: Exchange?
  var bodySink: (any BodySink)?
  /// Resumed when the client, having been too slow for the response, reads on.
  var responseSource: (any BodySource)?
  private var bodyIsWanted = false
  /// The client sends its body only after `100 Continue`.
  var awaitsContinue = false
  var requestVersion = Version.http11
  var mayPersist = true
  var clock = ExchangeClock()
  /// How long the last output may take to leave while the connection lingers.
  private var lingerDue: UInt64 = 0
  var discardBudget = 0

  var framing = HeadEncoder.ResponseFraming.length(0)

  /// Bytes of an unwanted body that are read to save the connection.
  static let discardLimit = 262_144
  /// Bytes of input that wait at the most before reading stops.
  private static let heldLimit = 65_536
  /// Milliseconds a client has to close after the last response.
  private static let lingerTimeout: UInt64 = 2_000

  init(_ service: InboundService, _ transport: Transport, _ visitor: Visitor) {
    self.service = service
    self.transport = transport
    self.visitor = visitor
    decoder = RequestDecoder(limits: service.settings.limits)
  }

  /// Takes over a connection.
  ///
  /// - Parameter received: what the client has sent already.
  func start(_ received: ByteView) {
    deadline = Deadline(service.loop.deadlines) { [unowned self] in deadlinePassed() }
    deadline?.set(in: service.settings.requestHead)
    transport.setDelegate(self)
    transport.resumeReading()
    if received.count > 0 { self.received(received) }
  }

  // MARK: Input

  private func received(_ bytes: ByteView) {
    clock.moved(service.loop.now)
    if holdsInput {
      hold(bytes)
      return deliverHeld()
    }
    let rest = deliver(bytes)
    if rest.count > 0, phase != .closed { hold(rest) }
  }

  private var holdsInput: Bool { held != nil && held?.isEmpty == false }

  private func hold(_ bytes: ByteView) {
    let held = held ?? ByteBuffer(pool: service.loop.buffers)
    self.held = held
    held.append(bytes)
    if held.count > Self.heldLimit { transport.pauseReading() }
  }

  /// Goes on with input that has waited. Also without any: when a body stopped at its last byte, its end is still to
  /// be told, and nothing more will come.
  func deliverHeld() {
    guard !isDelivering, phase != .closed else { return }
    if held == nil { _ = deliver(ByteView(start: nil, count: 0)) } else { deliverKept() }
    if phase != .closed { resumeReading() }
  }

  private func deliverKept() {
    guard let held else { return }
    let before = held.count
    let rest = deliver(held.view)
    if phase != .closed { held.consume(before - rest.count) }
  }

  /// Reads on, unless enough waits already.
  private func resumeReading() {
    if held.map({ $0.count <= Self.heldLimit }) ?? true { transport.resumeReading() }
  }

  /// - Returns: the input that has to wait.
  private func deliver(_ bytes: ByteView) -> ByteView {
    var input = bytes
    isDelivering = true
    defer { isDelivering = false }
    do throws(WireFault) {
      while true {
        switch phase {
        // Answers that the client does not read would pile up: the next request waits until they have left.
        case .head: guard !transport.isCongested, try readHead(&input) else { return input }
        case .body: guard bodyIsWanted, try readBody(&input) else { return input }
        case .discarding: guard try discardBody(&input) else { return input }
        case .answering: return input
        case .lingering, .closed: return ByteView(start: nil, count: 0)
        }
      }
    } catch {
      refuse(error)
      return ByteView(start: nil, count: 0)
    }
  }

  /// - Returns: whether there may be more to read.
  private func readHead(_ input: inout ByteView) throws(WireFault) -> Bool {
    guard input.count > 0 else { return false }
    let exchange = service.takeExchange()
    do throws(WireFault) {
      let wasInside = decoder.isInsideHead
      guard case .head(let length) = try decoder.next(&input, exchange.request) else {
        service.returnExchange(exchange)
        if !wasInside { deadline?.set(in: service.settings.requestHead) }
        return false
      }
      begin(exchange, length)
    } catch {
      // The refusal of a malformed head is an exchange, too: it is answered and logged.
      service.begin(exchange, self, .none, visitor)
      self.exchange = exchange
      throw error
    }
    return true
  }

  private func begin(_ exchange: Exchange, _ length: BodyLength) {
    let head = exchange.request
    let options = ConnectionOptions(consuming: head.fields)
    requestVersion = head.version
    mayPersist = !options.close && (head.version >= .http11 || options.keepAlive)
    phase = length == .none ? .answering : .body
    bodyIsWanted = false
    awaitsContinue =
      length != .none && head.version >= .http11
      && head.fields.first(.expect)?.equalsIgnoringCase("100-continue") == true
    if phase == .answering { skipEnd(head) }
    clock.begin(service.loop.now)
    deadline?.set(at: exchangeDue)
    self.exchange = exchange
    service.begin(exchange, self, length, visitor)
    service.handle(exchange)
  }

  /// Takes the decoder past the end of a request without a body.
  private func skipEnd(_ head: RequestHead) {
    var nothing = ByteView(start: nil, count: 0)
    _ = try? decoder.next(&nothing, head)
  }

  private func readBody(_ input: inout ByteView) throws(WireFault) -> Bool {
    guard let exchange else { return false }
    switch try decoder.next(&input, exchange.request) {
    case .needMore: return false
    case .head: return true
    case .body(let data):
      awaitsContinue = false
      clock.received(data.count, service.loop.now)
      exchange.record.bytesIn += data.count
      if bodySink?.write(data) == .wait { stopBody() }
    case .end(let trailers):
      phase = .answering
      deadline?.set(at: exchangeDue)
      let sink = bodySink
      bodySink = nil
      sink?.finish(trailers)
    }
    return true
  }

  private func stopBody() {
    bodyIsWanted = false
    if phase == .body { transport.pauseReading() }
  }

  private func discardBody(_ input: inout ByteView) throws(WireFault) -> Bool {
    let head = service.takeExchange()
    defer { service.returnExchange(head) }
    switch try decoder.next(&input, head.request) {
    case .needMore: return false
    case .head: return true
    case .body(let data):
      discardBudget -= data.count
      if discardBudget < 0 { linger() }
    case .end: nextRequest()
    }
    return true
  }

  /// The client broke the protocol: whatever was under way ends, and one clear answer closes the connection.
  private func refuse(_ fault: WireFault) {
    guard let exchange else { return linger() }
    if exchange.hasResponded { return truncate(fault.reason) }
    exchange.cancel(.clientFault)
    guard self.exchange != nil else { return }
    exchange.reject(.malformed(fault.status, reason: fault.reason))
  }

  // MARK: The end of an exchange

  /// The response is complete.
  func responseEnded() {
    guard let finished = exchange else { return }
    exchange = nil
    bodySink = nil
    responseSource = nil
    service.finish(finished, visitor)
    if !mayPersist { return linger() }
    if phase == .body {
      phase = .discarding
      discardBudget = Self.discardLimit
      deadline?.set(in: service.settings.requestBody)
    } else {
      nextRequest()
    }
    resumeReading()
    deliverHeld()
  }

  private func nextRequest() {
    phase = .head
    if service.isDraining { return linger() }
    deadline?.set(in: service.settings.keepAlive)
  }

  /// Closes so that the client gets all of the last response: our side ends, the client's is read until it closes.
  private func linger() {
    guard phase != .closed, phase != .lingering else { return }
    phase = .lingering
    held?.clear()
    lingerDue = service.loop.now + service.settings.requestBody
    deadline?.set(in: Self.lingerTimeout)
    transport.shutdownWhenFlushed()
    transport.resumeReading()
  }

  /// The response cannot be completed, and the client must see that (GW-88).
  func truncate(_ reason: StaticString) {
    guard let cut = exchange else { return close { $0.close() } }
    exchange = nil
    if cut.record.reason == nil { cut.record.reason = reason }
    cut.cancel(.clientFault)
    service.finish(cut, visitor)
    // Where the end of the connection ends the body, only a reset tells.
    if framing == .untilClose { close { $0.reset() } } else { closeBehindOutput() }
  }

  /// Closes once what has been written is sent, or the client does not take it in time.
  private func closeBehindOutput() {
    guard phase != .closed else { return }
    if transport.closeWhenFlushed() { return close { $0.close() } }
    phase = .lingering
    held?.clear()
    lingerDue = service.loop.now + service.settings.requestBody
    deadline?.set(at: lingerDue)
  }

  private func close(_ how: (Transport) -> Void) {
    guard phase != .closed else { return }
    phase = .closed
    deadline?.invalidate()
    bodySink = nil
    responseSource = nil
    how(transport)
    service.remove(self)
  }

  /// Ends the running exchange, if there is one, without an answer.
  private func abandon(_ reason: CancelReason) {
    guard let abandoned = exchange else { return }
    exchange = nil
    abandoned.cancel(reason)
    service.finish(abandoned, visitor)
  }

  // MARK: Stopping

  /// Closes as soon as no exchange is under way.
  func drain() {
    // A request that has arrived already is still answered.
    if phase == .head, exchange == nil, !decoder.isInsideHead, !transport.hasPendingInput { closeBehindOutput() }
  }

  func cut() {
    abandon(.shutdown)
    close { $0.close() }
  }

  // MARK: Time

  /// When the running exchange is over, unless something moves: a client that owes a body gets less time.
  private var exchangeDue: UInt64 {
    clock.due(service.settings, owesBody: owesBody)
  }

  /// Whether it is the client's turn to send its body.
  private var owesBody: Bool { phase == .body && bodyIsWanted }

  private func deadlinePassed() {
    switch phase {
    case .closed: break
    case .lingering: lingeredLongEnough()
    case .discarding: linger()
    case .head: if decoder.isInsideHead { timedOutInsideHead() } else { closeBehindOutput() }
    case .body, .answering:
      if service.loop.now < exchangeDue { deadline?.set(at: exchangeDue) } else { timedOut() }
    }
  }

  /// A client that has not taken all of the last response gets as long as one that sends a body.
  private func lingeredLongEnough() {
    guard transport.pendingOutput > 0, service.loop.now < lingerDue else { return close { $0.close() } }
    deadline?.set(in: Self.lingerTimeout)
  }

  private func timedOutInsideHead() {
    let exchange = service.takeExchange()
    exchange.request.clear()
    service.begin(exchange, self, .none, visitor)
    self.exchange = exchange
    refuse(WireFault(408, "request_head_timeout"))
  }

  private func timedOut() {
    guard let exchange else { return }
    let owedBody = owesBody
    exchange.cancel(.timedOut)
    guard self.exchange != nil else { return }
    if exchange.hasResponded { return truncate("timed_out") }
    mayPersist = false
    exchange.reject(
      owedBody ? .malformed(408, reason: "request_body_timeout") : .gatewayTimeout("exchange_timeout"))
  }
}

extension H1ServerConnection: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) { received(bytes) }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    abandon(.clientGone)
    // A client that has only ended its side still gets what has been written.
    if failure == .endOfFile { closeBehindOutput() } else { close { $0.close() } }
  }

  func transportDidDrain(_ transport: Transport) {
    clock.moved(service.loop.now)
    responseSource?.resume()
    if phase == .head { deliverHeld() }
  }

  func transportDidCloseFlushed(_ transport: Transport) { close { $0.close() } }
}

extension H1ServerConnection: BodySource {
  func resume() {
    guard phase == .body, !bodyIsWanted else { return }
    bodyIsWanted = true
    clock.awaitBody(service.loop.now)
    deadline?.set(at: exchangeDue)
    if awaitsContinue, !holdsInput {
      awaitsContinue = false
      HeadEncoder.write(informational: 100, nil, to: transport.outputBuffer)
      transport.wrote()
    }
    deliverHeld()
  }

  /// Nobody wants the rest of the body.
  func cancel(_ failure: BodyFailure) {
    bodyIsWanted = false
    bodySink = nil
  }
}
