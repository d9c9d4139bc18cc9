/// Remembers verified tokens by their SHA-256; the token itself is never kept. Bounded in entries and in bytes, four
/// places per set, the least recently used one gives way. One cache belongs to one route: entries end with their
/// token, with the key that signed it (``removeAll(where:)``), and with the policy, which has a cache of its own.
package final class TokenCache {
  private struct Entry {
    var digest = TokenDigest.none
    /// When the entry was last used, by ``clock``.
    var stamp: UInt64 = 0
    /// Bytes it stands for.
    var size = 0
    var token: VerifiedToken?
  }

  private static let ways = 4
  /// What an entry takes beside its claims, and how much larger claims are in memory than in a token, roughly.
  private static let overhead = 512
  private static let growth = 3

  package static let defaultBytes = 64 << 20

  /// Entries, after rounding up to a power of two.
  package let capacity: Int
  /// Bytes that entries may take, as estimated from the length of their tokens.
  package let byteLimit: Int
  package private(set) var count = 0
  package private(set) var bytes = 0
  package private(set) var hits: UInt64 = 0
  package private(set) var misses: UInt64 = 0
  package private(set) var evictions: UInt64 = 0

  private let entries: UnsafeMutablePointer<Entry>
  private let setMask: Int
  private var clock: UInt64 = 0
  /// Where to make room next when the bytes run out.
  private var hand = 0

  /// - Parameters:
  ///   - capacity: entries, rounded up to a power of two; 0 turns the cache off.
  ///   - byteLimit: bytes that entries may take.
  package init(capacity: Int, byteLimit: Int = TokenCache.defaultBytes) {
    var rounded = capacity > 0 ? Self.ways : 0
    while rounded > 0, rounded < min(capacity, 1 << 24) { rounded *= 2 }
    self.capacity = rounded
    self.byteLimit = byteLimit
    setMask = max(rounded / Self.ways, 1) - 1
    entries = .allocate(capacity: rounded)
    entries.initialize(repeating: Entry(), count: rounded)
  }

  deinit {
    entries.deinitialize(count: capacity)
    entries.deallocate()
  }

  /// The verified token, unless it is unknown or has expired. Allocates nothing.
  package func find(_ digest: TokenDigest, now: Int64) -> VerifiedToken? {
    guard capacity > 0 else { return nil }
    let first = firstPlace(of: digest)
    for place in first..<first + Self.ways where entries[place].digest == digest {
      guard let found = entries[place].token else { continue }
      if now >= found.verdictEnd {
        remove(place)
        break
      }
      clock &+= 1
      entries[place].stamp = clock
      hits &+= 1
      return found
    }
    misses &+= 1
    return nil
  }

  /// - Parameter length: bytes of the token.
  package func insert(_ digest: TokenDigest, length: Int, _ verified: VerifiedToken) {
    guard capacity > 0 else { return }
    let place = place(for: digest)
    if entries[place].token != nil {
      if entries[place].digest != digest { evictions &+= 1 }
      remove(place)
    }
    let size = Self.overhead + Self.growth * length
    makeRoom(for: size)
    clock &+= 1
    entries[place] = Entry(digest: digest, stamp: clock, size: size, token: verified)
    count += 1
    bytes += size
  }

  package func removeAll(where isObsolete: (VerifiedToken) -> Bool = { _ in true }) {
    for place in 0..<capacity {
      if let token = entries[place].token, isObsolete(token) { remove(place) }
    }
  }

  private func remove(_ place: Int) {
    count -= 1
    bytes -= entries[place].size
    entries[place] = Entry()
  }

  private func makeRoom(for size: Int) {
    while bytes + size > byteLimit, count > 0 {
      if entries[hand].token != nil {
        remove(hand)
        evictions &+= 1
      }
      hand = (hand + 1) & (capacity - 1)
    }
  }

  /// The place that holds this token already, else a free one, else the one longest not used.
  private func place(for digest: TokenDigest) -> Int {
    let first = firstPlace(of: digest)
    var best = first
    for place in first..<first + Self.ways {
      guard entries[place].token != nil else {
        best = entries[best].token == nil ? best : place
        continue
      }
      if entries[place].digest == digest { return place }
      if entries[best].token != nil, entries[place].stamp < entries[best].stamp { best = place }
    }
    return best
  }

  private func firstPlace(of digest: TokenDigest) -> Int { (digest.spread & setMask) * Self.ways }
}
