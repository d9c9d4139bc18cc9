import Identity

/// What is known about client metadata documents: a fixed number of them, and for a limited time.
struct ClientDocumentCache {
  typealias Verdict = Result<BridgeClient, ClientDocumentFault>

  private struct Entry {
    let verdict: Verdict
    /// Seconds since 1970, and those in which it was last of use.
    let expiry: Int64
    var used: Int64

    /// The lower, the less is lost with it.
    var worth: Int64 {
      if case .failure = verdict { .min } else { used }
    }
  }

  private let capacity: Int
  private var entries: [String: Entry] = [:]

  init(capacity: Int = 256) { self.capacity = capacity }

  var count: Int { entries.count }

  /// Seconds that a document is good, whatever its server says: sign-ins take a while, and changes must arrive.
  static func lifetime(_ freshness: Freshness) -> Int64 {
    switch freshness {
    case .none: 60
    case .unspecified: 300
    case .seconds(let seconds): Int64(min(max(seconds, 60), 86_400))
    }
  }

  /// Seconds that a fault is.
  static let faultLifetime: Int64 = 30

  /// - Parameter url: ASCII.
  mutating func find(_ url: String, now: Int64) -> Verdict? {
    guard let entry = entries[url], now < entry.expiry else { return nil }
    entries[url]?.used = now
    return entry.verdict
  }

  mutating func insert(_ verdict: Verdict, _ url: String, lifetime: Int64, now: Int64) {
    if entries[url] == nil, entries.count >= capacity { makeRoom(now: now) }
    entries[url] = Entry(verdict: verdict, expiry: now + lifetime, used: now)
  }

  private mutating func makeRoom(now: Int64) {
    entries = entries.filter { now < $0.value.expiry }
    guard entries.count >= capacity, let least = entries.min(by: { $0.value.worth < $1.value.worth }) else { return }
    entries[least.key] = nil
  }
}
