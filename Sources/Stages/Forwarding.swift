import HTTP
import Net
import Outbound
import Pipeline
import Telemetry

/// One admitted request on its way to a backend and back.
final class Forwarding {
  private var exchange: Exchange?
  private let pool: UpstreamPool
  private let rewriter: RequestRewriter
  private var stream: (any UpstreamStream)?
  private let requestRelay: Relay
  private let responseRelay = Relay()
  private let metrics: Metrics

  init(
    _ exchange: Exchange, _ pool: UpstreamPool, _ rewriter: RequestRewriter, bodyLimit: Int, _ metrics: Metrics
  ) {
    self.metrics = metrics
    self.exchange = exchange
    self.pool = pool
    self.rewriter = rewriter
    requestRelay = Relay(limit: bodyLimit)
    requestRelay.overseer = self
  }

  deinit { requestRelay.overseer = nil }

  /// Lets go of both sides; the exchange may be recycled behind it.
  private func abandon() {
    exchange = nil
    requestRelay.disconnect()
    responseRelay.disconnect()
    let stream = stream
    self.stream = nil
    if let stream { stream.abort() } else { pool.cancel(self) }
  }
}

extension Forwarding: UpstreamClient {
  func upstreamReady(_ stream: any UpstreamStream) {
    guard let exchange else { return stream.abort() }
    self.stream = stream
    exchange.record.forwardedAt = Loop.nanoseconds
    let sink = stream.send(exchange.request, exchange.bodyLength, from: requestRelay)
    // When sending has failed at once, the exchange is over already, and perhaps somebody else's.
    guard self.exchange != nil else { return }
    guard exchange.bodyLength != .none, let source = exchange.deliverBody(to: requestRelay) else { return }
    requestRelay.connect(from: source, to: sink)
    requestRelay.resume()
  }

  func upstreamInformed(_ head: ResponseHead) {
    // The gateway has said `100 Continue` itself.
    guard head.status != 100 else { return }
    head.fields.removeAll(.setCookie)
    exchange?.inform(head)
  }

  func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? {
    guard let exchange, let stream else { return nil }
    exchange.record.answeredAt = Loop.nanoseconds
    guard let sink = exchange.begin(head, length, from: responseRelay) else { return nil }
    responseRelay.connect(from: stream.responseBody, to: sink)
    return responseRelay
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    guard let exchange else { return }
    metrics.count(.upstreamFailures, failure.reason)
    self.exchange = nil
    stream = nil
    requestRelay.disconnect()
    exchange.record.detail = failure.detail
    exchange.reject(Self.rejection(of: failure))
  }

  private static func rejection(of failure: UpstreamFailure) -> Rejection {
    switch failure {
    case .connectTimedOut, .responseTimedOut, .queueTimedOut: .gatewayTimeout(failure.reason)
    case .queueFull: .overloaded(failure.reason)
    case .nameNotResolved, .connectFailed, .tlsFailed, .noHTTP2, .reset, .closedEarly, .malformed, .proxyRefused,
      .proxyMalformed:
      .badGateway(failure.reason)
    }
  }
}

extension Forwarding: RelayOverseer {
  func relayExceededLimit(_ relay: Relay) {
    guard let exchange else { return }
    let hasResponded = exchange.hasResponded
    let response = responseRelay
    if hasResponded {
      response.fail(.tooLarge)
    } else {
      abandon()
      exchange.reject(.bodyTooLarge)
    }
  }

  func relay(_ relay: Relay, willPass trailers: Fields) { rewriter.stripIdentity(trailers) }
}

extension Forwarding: Cancellable {
  func cancel(_ reason: CancelReason) { abandon() }
}
