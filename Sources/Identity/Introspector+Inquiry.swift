package import JSON
import Outbound

extension Introspector {
  /// What a waiter gets in the end.
  package enum Outcome {
    /// The provider's answer: an object with a boolean `active`.
    case answer(JSONValue)
    /// Nobody knows; ask again after so many seconds. The reason is for the log.
    case unavailable(retryAfter: Int, reason: String)
  }

  /// Waits for an answer; cancel it when the client goes away.
  package final class Waiter {
    private(set) var completion: ((Outcome) -> Void)?
    private weak var inquiry: Inquiry?
    private weak var introspector: Introspector?

    init(_ introspector: Introspector, _ inquiry: Inquiry, _ completion: @escaping (Outcome) -> Void) {
      self.introspector = introspector
      self.inquiry = inquiry
      self.completion = completion
    }

    package func cancel() {
      guard completion != nil else { return }
      completion = nil
      guard let inquiry else { return }
      inquiry.left -= 1
      if inquiry.left == 0 { introspector?.abandon(inquiry) }
    }

    func settle(_ outcome: Outcome) {
      guard let completion else { return }
      self.completion = nil
      completion(outcome)
    }
  }

  /// One token that is asked about, and who wants to know.
  final class Inquiry {
    /// SHA-256 of the token.
    let key: [UInt8]
    let token: [UInt8]
    /// When it has waited long enough for its turn, in milliseconds of the loop's clock.
    let due: UInt64
    private var waiters: [Waiter] = []
    /// Waiters that have not gone.
    fileprivate(set) var left = 0
    var isProbe = false
    /// Under way from the moment it is this one's turn.
    var fetch: Fetch?

    init(_ key: [UInt8], _ token: [UInt8], due: UInt64) {
      self.key = key
      self.token = token
      self.due = due
    }

    func add(_ waiter: Waiter) {
      waiters.append(waiter)
      left += 1
    }

    func settle(_ outcome: Outcome) {
      let settled = waiters
      waiters.removeAll()
      for waiter in settled { waiter.settle(outcome) }
    }
  }
}
