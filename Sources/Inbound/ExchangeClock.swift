/// When an exchange is over unless something moves. Pure; moments in milliseconds of the loop's clock.
///
/// A client that owes a body gets less time than a response, and each piece earns it only a little more: a body of one
/// byte now and then ends where one that does not come at all ends.
struct ExchangeClock {
  private var startedAt: UInt64 = 0
  private var movedAt: UInt64 = 0
  private var bodySince: UInt64 = 0
  private var earned: UInt64 = 0

  /// Bytes a second that a body has to come with on average, once the first wait is used up.
  static let bodyRate: UInt64 = 512

  mutating func begin(_ now: UInt64) {
    startedAt = now
    movedAt = now
  }

  /// Something has come or left.
  mutating func moved(_ now: UInt64) { movedAt = now }

  /// It is the client's turn to send its body: what came before, and the time in which nobody wanted it, do not count.
  mutating func awaitBody(_ now: UInt64) {
    movedAt = now
    bodySince = now
    earned = 0
  }

  mutating func received(_ count: Int, _ now: UInt64) {
    movedAt = now
    earned &+= UInt64(count) &* 1000 / Self.bodyRate
  }

  /// - Parameter owesBody: whether it is the client's turn.
  func due(_ settings: InboundSettings, owesBody: Bool) -> UInt64 {
    let last = startedAt &+ settings.streamMax
    guard owesBody else { return min(movedAt &+ settings.streamIdle, last) }
    return min(movedAt &+ settings.requestBody, bodySince &+ settings.requestBody &+ earned, last)
  }
}
