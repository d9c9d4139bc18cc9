import JOSE
import JSON
package import Net
package import Outbound

/// Asks one provider about tokens that only it can read (RFC 7662). Remembers no answer; one question serves everyone
/// who asks about the same token at the same time.
package final class Introspector {
  package struct Settings {
    /// The endpoint's URL; nil while it is not known.
    package var endpoint: () -> String?
    package var authentication: ClientAuthentication
    /// How connections to an https endpoint are secured; without it they cannot be.
    package var tls: TLSClientContext?
    package var proxy: ForwardProxy?
    package var allowPlaintext = false
    /// Milliseconds for one question, and for the wait until it can be asked.
    package var timeout: UInt64 = 5_000
    /// Questions under way at once. Four times as many wait.
    package var maxRequests = 64

    package init(endpoint: @escaping () -> String?, authentication: ClientAuthentication) {
      self.endpoint = endpoint
      self.authentication = authentication
    }
  }

  /// What the introspector tells its owner, for the log. Never a token.
  package enum Event {
    /// A question has failed. From the third in a row on nothing is asked for so many milliseconds.
    case failed(String, pause: UInt64?)
    /// The provider answers again after a pause.
    case recovered
  }

  /// Where the questions go.
  private struct Target {
    let url: String
    let location: Fetch.Location
    let pool: UpstreamPool
  }

  /// Why there is no target, in words.
  private struct NoTarget: Error { let reason: String }

  /// Bytes of an answer at the most.
  private static let answerLimit = 1 << 18

  private let loop: Loop
  private let settings: Settings
  private let report: (Event) -> Void
  private var target: Target?
  private var circuit = CircuitBreaker()
  private var lastFailure = ""
  /// All that are under way or wait, by their key.
  private var inquiries: [[UInt8]: Inquiry] = [:]
  private var running = 0
  /// Those that wait for their turn, first come, first served.
  private var line: [Inquiry] = []
  private var lineDeadline: Deadline?

  package init(_ loop: Loop, _ settings: Settings, report: @escaping (Event) -> Void) {
    self.loop = loop
    self.settings = settings
    self.report = report
    lineDeadline = Deadline(loop.deadlines) { [unowned self] in expireLine() }
  }

  deinit {
    lineDeadline?.invalidate()
    target?.pool.drain()
  }

  /// Whether it is known where to ask.
  package var knowsEndpoint: Bool { settings.endpoint() != nil }

  /// Asks about a token.
  ///
  /// - Returns: nil when `completion` has been called inside this call.
  package func ask(token: [UInt8], completion: @escaping (Outcome) -> Void) -> Waiter? {
    let key = Digest.sha256(token)
    // Without a digest it would be taken for any other token.
    guard !key.isEmpty else {
      completion(.unavailable(retryAfter: 1, reason: "OpenSSL has no SHA-256"))
      return nil
    }
    if let inquiry = inquiries[key] { return join(inquiry, completion) }
    if let pause = circuit.pause(now: loop.now) {
      completion(paused(pause))
      return nil
    }
    guard line.count < settings.maxRequests * 4 else {
      completion(.unavailable(retryAfter: 1, reason: "too many questions wait for their turn"))
      return nil
    }
    let inquiry = Inquiry(key, token, due: loop.now + settings.timeout)
    inquiries[key] = inquiry
    let waiter = join(inquiry, completion)
    line.append(inquiry)
    if running < settings.maxRequests { startNext() } else if line.count == 1 { watchLine() }
    return waiter.completion == nil ? nil : waiter
  }

  private func join(_ inquiry: Inquiry, _ completion: @escaping (Outcome) -> Void) -> Waiter {
    let waiter = Waiter(self, inquiry, completion)
    inquiry.add(waiter)
    return waiter
  }

  /// Nobody wants to know any longer.
  func abandon(_ inquiry: Inquiry) {
    inquiries[inquiry.key] = nil
    guard let fetch = inquiry.fetch else {
      line.removeAll { $0 === inquiry }
      return watchLine()
    }
    fetch.cancel()
    running -= 1
    circuit.abandoned(isProbe: inquiry.isProbe, now: loop.now)
    startNext()
  }

  private func settle(_ inquiry: Inquiry, _ outcome: Outcome) {
    inquiries[inquiry.key] = nil
    inquiry.settle(outcome)
  }

  private func paused(_ milliseconds: UInt64) -> Outcome {
    .unavailable(retryAfter: Self.seconds(milliseconds), reason: lastFailure)
  }

  private static func seconds(_ milliseconds: UInt64) -> Int { Int((milliseconds + 999) / 1000) }

  // MARK: The line

  private func startNext() {
    while running < settings.maxRequests, !line.isEmpty { start(line.removeFirst()) }
    watchLine()
  }

  private func watchLine() {
    if let first = line.first { lineDeadline?.set(at: first.due) } else { lineDeadline?.clear() }
  }

  private func expireLine() {
    while let first = line.first, first.due <= loop.now {
      line.removeFirst()
      settle(first, .unavailable(retryAfter: 1, reason: "its turn did not come in time"))
    }
    watchLine()
  }

  // MARK: Questions

  private func start(_ inquiry: Inquiry) {
    // It may have begun while this one waited.
    if let pause = circuit.pause(now: loop.now) { return settle(inquiry, paused(pause)) }
    guard let url = settings.endpoint() else {
      let reason = "the provider's metadata has no introspection_endpoint, or is not there yet"
      return settle(inquiry, .unavailable(retryAfter: 1, reason: reason))
    }
    running += 1
    inquiry.isProbe = circuit.begin()
    do throws(NoTarget) {
      let target = try target(url)
      let request = try request(inquiry.token, to: target.location)
      inquiry.fetch = Fetch.send(request, over: target.pool, timeout: settings.timeout, limit: Self.answerLimit) {
        [self] result in ended(inquiry, IntrospectionAnswer(result))
      }
    } catch {
      ended(inquiry, .failed(error.reason))
    }
  }

  private func target(_ url: String) throws(NoTarget) -> Target {
    if let target, target.url == url { return target }
    target?.pool.drain()
    target = nil
    let location: Fetch.Location
    do throws(DocumentURL.Fault) {
      location = try DocumentURL.location(of: url, allowPlaintext: settings.allowPlaintext)
    } catch {
      throw NoTarget(reason: error.description)
    }
    guard var endpoint = UpstreamEndpoint(location, tls: settings.tls, proxy: settings.proxy) else {
      throw NoTarget(reason: Fetch.Failure.noTrust.description)
    }
    endpoint.maxConnections = settings.maxRequests
    endpoint.connectTimeout = min(endpoint.connectTimeout, settings.timeout)
    let target = Target(url: url, location: location, pool: UpstreamPool(loop, endpoint))
    self.target = target
    return target
  }

  private func request(_ token: [UInt8], to location: Fetch.Location) throws(NoTarget) -> Fetch.Request {
    var form = FormBody()
    form.append("token", token)
    form.append("token_type_hint", "access_token")
    var request = Fetch.Request(location)
    do throws(CryptoFailure) {
      request.authorization = try settings.authentication.authenticate(&form)
    } catch {
      throw NoTarget(reason: "no client assertion could be signed: \(error.description)")
    }
    request.form = form.bytes
    return request
  }

  private func ended(_ inquiry: Inquiry, _ answer: IntrospectionAnswer) {
    running -= 1
    switch answer {
    case .answer(let value):
      succeeded()
      settle(inquiry, .answer(value))
    case .refused(let reason):
      succeeded()
      report(.failed(words(reason), pause: nil))
      settle(inquiry, .unavailable(retryAfter: 1, reason: words(reason)))
    case .failed(let reason): settle(inquiry, failed(inquiry, words(reason)))
    }
    startNext()
  }

  /// - Returns: what those get who asked.
  private func failed(_ inquiry: Inquiry, _ reason: String) -> Outcome {
    var pause: UInt64?
    switch circuit.failed(isProbe: inquiry.isProbe, now: loop.now) {
    case .none: break
    case .counted:
      lastFailure = reason
      report(.failed(reason, pause: nil))
    case .pause(let milliseconds):
      lastFailure = reason
      pause = milliseconds
      report(.failed(reason, pause: milliseconds))
    }
    return .unavailable(retryAfter: pause.map(Self.seconds) ?? 1, reason: reason)
  }

  private func succeeded() { if circuit.succeeded() { report(.recovered) } }

  private func words(_ reason: String) -> String { "\(target?.url ?? settings.endpoint() ?? ""): \(reason)" }
}
