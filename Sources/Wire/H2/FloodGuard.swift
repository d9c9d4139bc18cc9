/// Tells a peer that works from one that only makes work: a budget for each kind of frame that costs the sender next
/// to nothing. A budget fills up again with time, and with honest work where the two go together.
package struct FloodGuard {
  /// What a connection was ended for; the name is its label in logs and metrics.
  package enum Cause: Int, CaseIterable, Sendable {
    /// Streams opened and reset at once (CVE-2023-44487).
    case rapidReset
    /// Errors that make the server reset streams (CVE-2025-8671).
    case madeYouReset
    case pings, settings, emptyData, windowUpdates, priorities, goAways, unknownFrames
    /// A field section in too many pieces (CVE-2024-28182).
    case continuations
    /// A field section that grows out of all proportion when decompressed.
    case fieldBomb

    package var name: StaticString {
      switch self {
      case .rapidReset: "rapid_reset"
      case .madeYouReset: "made_you_reset"
      case .pings: "ping_flood"
      case .settings: "settings_flood"
      case .emptyData: "empty_data_flood"
      case .windowUpdates: "window_update_flood"
      case .priorities: "priority_flood"
      case .goAways: "goaway_flood"
      case .unknownFrames: "unknown_frame_flood"
      case .continuations: "continuation_flood"
      case .fieldBomb: "field_bomb"
      }
    }

    /// How many may come at once, and how many more each second.
    fileprivate var budget: (burst: Double, perSecond: Double) {
      switch self {
      case .rapidReset: (200, 20)
      case .madeYouReset: (100, 5)
      case .pings: (100, 10)
      case .settings: (50, 2)
      case .emptyData: (100, 10)
      case .windowUpdates: (4_000, 200)
      case .priorities: (1_000, 20)
      case .goAways: (10, 1)
      case .unknownFrames: (500, 50)
      case .continuations, .fieldBomb: (0, 0)
      }
    }
  }

  private struct Account {
    var spent = 0.0
    var countedAt: UInt64 = 0
  }
  private var accounts = [Account](repeating: Account(), count: Cause.allCases.count)

  package init() {}

  /// Counts one.
  ///
  /// - Parameter now: milliseconds of a clock that never goes back.
  /// - Returns: whether it is within the budget.
  package mutating func allows(_ cause: Cause, now: UInt64) -> Bool {
    let budget = cause.budget
    let index = cause.rawValue
    let elapsed = Double(now &- accounts[index].countedAt) / 1000
    let spent = max(0, accounts[index].spent - elapsed * budget.perSecond) + 1
    accounts[index] = Account(spent: spent, countedAt: now)
    return spent <= budget.burst
  }

  /// Work that such frames belong to: gives `count` of them back.
  package mutating func credit(_ cause: Cause, _ count: Double) {
    let spent = accounts[cause.rawValue].spent
    if spent > 0 { accounts[cause.rawValue].spent = max(0, spent - count) }
  }
}
