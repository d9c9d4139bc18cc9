import Net

/// How many expensive refusals a client may cause: each bad signature costs up to a millisecond, and somebody who sends
/// nothing else must not slow the others down.
package final class TokenFailureBudget {
  private let budget: ClientBudget

  /// - Parameter limit: refusals for each client and minute; 0: any number.
  package init(limit: Int) { budget = ClientBudget(limit: limit) }

  /// - Parameters:
  ///   - client: an address literal, or another name for where a client is.
  ///   - now: seconds since 1970.
  /// - Returns: nil when a token of this client may be looked at; else the seconds until it may be again.
  package func wait(for client: [UInt8], now: Int64) -> Int? { budget.wait(for: client, now: now) }

  package func spend(_ client: [UInt8], now: Int64) { budget.spend(client, now: now) }
}
