import Identity
import JOSE
import Net
import Outbound

/// One endpoint of the provider that takes forms. Requests under way and those that wait for their turn are limited,
/// and a provider that keeps failing is left in peace for a while.
final class ProviderEndpoint {
  /// Where the requests go.
  private struct Target {
    let url: String
    let location: Fetch.Location
    let pool: UpstreamPool
  }

  /// Why a request cannot be made, in words.
  private struct Obstacle: Error { let reason: String }

  /// Milliseconds for one request, and for the wait until its turn comes.
  static let timeout: UInt64 = 10_000
  /// Bytes of an answer at the most.
  static let answerLimit = 1 << 18

  private let loop: Loop
  private let provider: BridgedProvider
  private let kind: ProviderRequest.Endpoint
  /// Requests under way at once.
  private let maxRequests: Int
  /// How many times as many may wait: people sign in at the same time when their day begins.
  private static let waitingFactor = 16
  private let timeout: UInt64
  private let url: () -> String?
  private var target: Target?
  private var circuit = CircuitBreaker()
  private var lastFailure = ""
  private var running = 0
  private var awaitingMetadata = 0
  /// First come, first served.
  private var line: [ProviderCall] = []
  private var lineDeadline: Deadline?

  /// - Parameter url: nil while it is not known.
  init(
    _ loop: Loop, _ provider: BridgedProvider, _ kind: ProviderRequest.Endpoint, maxRequests: Int = 64,
    timeout: UInt64 = ProviderEndpoint.timeout, url: @escaping () -> String?
  ) {
    self.loop = loop
    self.provider = provider
    self.kind = kind
    self.maxRequests = maxRequests
    self.timeout = timeout
    self.url = url
    lineDeadline = Deadline(loop.deadlines) { [unowned self] in expireLine() }
  }

  deinit {
    lineDeadline?.invalidate()
    target?.pool.drain()
  }

  /// - Returns: nil when `completion` has been called inside this call.
  func send(_ request: ProviderRequest, completion: @escaping (ProviderOutcome) -> Void) -> ProviderCall? {
    let call = ProviderCall(request, at: self, completion)
    if url() != nil || provider.keyStore.isReady { enqueue(call) } else { awaitMetadata(call) }
    return call.isOver ? nil : call
  }

  /// Right after the start: where to ask comes with the provider's keys.
  private func awaitMetadata(_ call: ProviderCall) {
    guard awaitingMetadata < maxRequests * Self.waitingFactor else { return call.settle(Self.tooMany) }
    awaitingMetadata += 1
    let waiter = provider.keyStore.find(newerThan: nil, because: .unknownKey(kid: nil)) { [self] outcome in
      awaitingMetadata -= 1
      switch outcome {
      case .keys, .noneBetter: enqueue(call)
      case .unavailable(let seconds):
        let reason = provider.keyStore.lastFailure ?? "the provider's metadata is not there yet"
        call.settle(.unavailable(retryAfter: seconds, reason: reason))
      }
    }
    if let waiter { call.state = .metadata(waiter) }
  }

  private func enqueue(_ call: ProviderCall) {
    if let pause = circuit.pause(now: loop.now) { return call.settle(paused(pause)) }
    guard line.count < maxRequests * Self.waitingFactor else { return call.settle(Self.tooMany) }
    call.state = .line(due: loop.now + timeout)
    line.append(call)
    if running < maxRequests { startNext() } else { watchLine() }
  }

  private static let tooMany = ProviderOutcome.unavailable(
    retryAfter: 1, reason: "too many requests to the provider wait for their turn")

  /// Nobody wants to know any longer.
  func abandon(_ call: ProviderCall) {
    switch call.state {
    case .metadata(let waiter):
      awaitingMetadata -= 1
      waiter?.cancel()
    case .line:
      line.removeAll { $0 === call }
      watchLine()
    case .underWay(let fetch, let isProbe):
      fetch?.cancel()
      running -= 1
      circuit.abandoned(isProbe: isProbe, now: loop.now)
      startNext()
    case .over: break
    }
  }

  private func paused(_ milliseconds: UInt64) -> ProviderOutcome {
    .unavailable(
      retryAfter: Self.seconds(milliseconds), reason: "not asked after failures, the last one: \(lastFailure)")
  }

  private static func seconds(_ milliseconds: UInt64) -> Int { Int((milliseconds + 999) / 1000) }

  // MARK: The line

  private func startNext() {
    while running < maxRequests, !line.isEmpty { start(line.removeFirst()) }
    watchLine()
  }

  private func watchLine() {
    if let due = line.first?.due { lineDeadline?.set(at: due) } else { lineDeadline?.clear() }
  }

  private func expireLine() {
    while let first = line.first, first.due <= loop.now {
      line.removeFirst()
      first.settle(.unavailable(retryAfter: 1, reason: "its turn did not come in time"))
    }
    watchLine()
  }

  // MARK: Requests

  private func start(_ call: ProviderCall) {
    // It may have begun while this one waited.
    if let pause = circuit.pause(now: loop.now) { return call.settle(paused(pause)) }
    guard let url = url() else { return call.settle(.noEndpoint) }
    running += 1
    let isProbe = circuit.begin()
    call.state = .underWay(nil, isProbe: isProbe)
    do throws(Obstacle) {
      let target = try target(url)
      let request = try form(call.request, to: target.location)
      let fetch = Fetch.send(request, over: target.pool, timeout: timeout, limit: Self.answerLimit) {
        [self] in ended(call, isProbe, ProviderResponse($0, from: kind))
      }
      if case .underWay = call.state { call.state = .underWay(fetch, isProbe: isProbe) }
    } catch {
      ended(call, isProbe, .failed(error.reason))
    }
  }

  private func target(_ url: String) throws(Obstacle) -> Target {
    if let target, target.url == url { return target }
    target?.pool.drain()
    target = nil
    let location: Fetch.Location
    do throws(DocumentURL.Fault) {
      location = try DocumentURL.location(of: url, allowPlaintext: provider.allowsPlaintext)
    } catch {
      throw Obstacle(reason: error.description)
    }
    guard var endpoint = UpstreamEndpoint(location, tls: provider.tls, proxy: provider.proxy) else {
      throw Obstacle(reason: Fetch.Failure.noTrust.description)
    }
    endpoint.maxConnections = maxRequests
    endpoint.connectTimeout = min(endpoint.connectTimeout, timeout)
    let target = Target(url: url, location: location, pool: UpstreamPool(loop, endpoint))
    self.target = target
    return target
  }

  private func form(_ request: ProviderRequest, to location: Fetch.Location) throws(Obstacle) -> Fetch.Request {
    var form = FormBody()
    for (name, value) in request.parameters { form.append(name, value) }
    var request = Fetch.Request(location)
    if let authentication = provider.authentication {
      do throws(CryptoFailure) {
        request.authorization = try authentication.authenticate(&form)
      } catch {
        throw Obstacle(reason: "no client assertion could be signed: \(error.description)")
      }
    } else {
      form.append("client_id", provider.clientID)
    }
    request.form = form.bytes
    return request
  }

  private func ended(_ call: ProviderCall, _ isProbe: Bool, _ response: ProviderResponse) {
    running -= 1
    switch response {
    case .answer(let answer):
      _ = circuit.succeeded()
      call.settle(answer)
    case .failed(let reason):
      let words = "\(target?.url ?? url() ?? ""): \(reason)"
      var pause: UInt64?
      switch circuit.failed(isProbe: isProbe, now: loop.now) {
      case .none: break
      case .counted: lastFailure = words
      case .pause(let milliseconds):
        lastFailure = words
        pause = milliseconds
      }
      call.settle(.unavailable(retryAfter: pause.map(Self.seconds) ?? 1, reason: words))
    }
    startNext()
  }
}

extension ProviderCall {
  /// When it has waited long enough for its turn.
  fileprivate var due: UInt64 { if case .line(let due) = state { due } else { 0 } }
}
