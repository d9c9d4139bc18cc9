package import Bytes

/// Remembers verified tokens by their SHA-256; the token itself is never kept. Fixed size, four places per
/// set, the least recently used one gives way. One cache belongs to one ``TokenVerifier`` and one key set:
/// call ``removeAll()`` when the keys change.
package final class TokenCache {
  private struct Entry {
    var digest = SHA256Hasher.Value()
    /// When the entry was last used, by ``clock``.
    var stamp: UInt64 = 0
    var token: VerifiedToken?
  }

  private static let ways = 4

  /// Entries, after rounding up to a power of two.
  package let capacity: Int
  package private(set) var count = 0
  package private(set) var hits: UInt64 = 0
  package private(set) var misses: UInt64 = 0
  package private(set) var evictions: UInt64 = 0

  private let clockSkew: Int64
  private let hasher: SHA256Hasher?
  private let entries: UnsafeMutablePointer<Entry>
  private let setMask: UInt64
  private var clock: UInt64 = 0

  /// - Parameters:
  ///   - capacity: entries, rounded up to a power of two; 0 turns the cache off.
  ///   - clockSkew: seconds, the same as the policy's.
  package init(capacity: Int, clockSkew: Int64 = TokenPolicy.defaultClockSkew) {
    let hasher = capacity > 0 ? SHA256Hasher() : nil
    var rounded = hasher == nil ? 0 : Self.ways
    while rounded > 0, rounded < min(capacity, 1 << 24) { rounded *= 2 }
    self.capacity = rounded
    self.clockSkew = clockSkew
    self.hasher = hasher
    setMask = UInt64(max(rounded / Self.ways, 1) - 1)
    entries = .allocate(capacity: rounded)
    entries.initialize(repeating: Entry(), count: rounded)
  }

  deinit {
    entries.deinitialize(count: capacity)
    entries.deallocate()
  }

  /// The verified token, unless it is unknown or has expired. Allocates nothing.
  package func find(_ token: ByteView, now: Int64) -> VerifiedToken? {
    guard let digest = digest(of: token) else { return nil }
    let set = set(of: digest)
    for way in 0..<Self.ways where set[way].digest == digest {
      guard let found = set[way].token else { continue }
      if Deadline.isPast(found.expiry, skew: clockSkew, now: now) {
        set[way].token = nil
        count -= 1
        break
      }
      clock &+= 1
      set[way].stamp = clock
      hits &+= 1
      return found
    }
    misses &+= 1
    return nil
  }

  package func insert(_ token: ByteView, _ verified: VerifiedToken) {
    guard let digest = digest(of: token) else { return }
    let set = set(of: digest)
    let place = place(for: digest, in: set)
    if set[place].token == nil { count += 1 } else if set[place].digest != digest { evictions &+= 1 }
    clock &+= 1
    set[place] = Entry(digest: digest, stamp: clock, token: verified)
  }

  package func removeAll() {
    for index in 0..<capacity { entries[index] = Entry() }
    count = 0
  }

  /// The place that holds this token already, else a free one, else the one longest not used.
  private func place(for digest: SHA256Hasher.Value, in set: UnsafeMutablePointer<Entry>) -> Int {
    var best = 0
    for way in 0..<Self.ways {
      guard set[way].token != nil else {
        best = set[best].token == nil ? best : way
        continue
      }
      if set[way].digest == digest { return way }
      if set[best].token != nil, set[way].stamp < set[best].stamp { best = way }
    }
    return best
  }

  private func set(of digest: SHA256Hasher.Value) -> UnsafeMutablePointer<Entry> {
    entries + Int(digest.words.0 & setMask) * Self.ways
  }

  /// Nil when the cache is off or the token is one that no verifier would look at.
  private func digest(of token: ByteView) -> SHA256Hasher.Value? {
    guard let hasher, token.count <= CompactJWS.longest else { return nil }
    return hasher.digest(of: token)
  }
}
