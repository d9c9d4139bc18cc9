/// Remembers verified tokens by their SHA-256; the token itself is never kept. Bounded in entries and in bytes; in each
/// set of places the least recently used one gives way. One cache belongs to one route: entries end with their token,
/// with the key that signed it (``removeAll(where:)``), and with the policy, which has a cache of its own.
///
/// It grows with what it holds, by linear hashing: one set more at a time, which takes its entries from one other. So no
/// insertion waits for a whole table to be made anew.
package final class TokenCache {
  /// Sets whose memory is got at once.
  private struct Segment {
    static let sets = 8

    let tags: UnsafeMutablePointer<TokenCacheSet.Tags>
    let entries: UnsafeMutablePointer<TokenCacheSet.Entry>

    init() {
      tags = .allocate(capacity: Self.sets)
      tags.initialize(repeating: TokenCacheSet.Tags(), count: Self.sets)
      entries = .allocate(capacity: Self.sets * TokenCacheSet.places)
      entries.initialize(repeating: TokenCacheSet.Entry(), count: Self.sets * TokenCacheSet.places)
    }

    func free() {
      entries.deinitialize(count: Self.sets * TokenCacheSet.places)
      entries.deallocate()
      tags.deallocate()
    }
  }

  /// So many times as many places as entries there are at least, until all places are there: sets that are not divided
  /// yet have room for twice as many as the others.
  private static let room = 4
  /// What an entry takes at most beside texts of its token, and how much longer these may be than in the token, roughly:
  /// characters that no field value has are written as three.
  private static let overhead = 512
  private static let growth = 3

  package static let defaultBytes = 64 << 20

  /// Entries, after rounding up to a power of two.
  package let capacity: Int
  /// Bytes that entries may take, as estimated from the length of their tokens.
  package let byteLimit: Int
  /// Places there are by now.
  package var places: Int { setCount * TokenCacheSet.places }
  package private(set) var count = 0
  package private(set) var bytes = 0
  package private(set) var hits: UInt64 = 0
  package private(set) var misses: UInt64 = 0
  package private(set) var evictions: UInt64 = 0

  private var segments: [Segment] = []
  private var setCount = 0
  private let setLimit: Int
  /// As many bits of a digest as it takes to number the sets.
  private var setMask = 0
  private var clock: UInt64 = 0
  /// The set where to make room next when the bytes run out.
  private var hand = 0

  /// - Parameters:
  ///   - capacity: entries, rounded up to a power of two; 0 turns the cache off.
  ///   - byteLimit: bytes that entries may take.
  package init(capacity: Int, byteLimit: Int = TokenCache.defaultBytes) {
    var rounded = capacity > 0 ? TokenCacheSet.places : 0
    while rounded > 0, rounded < min(capacity, 1 << 24) { rounded *= 2 }
    self.capacity = rounded
    self.byteLimit = byteLimit
    setLimit = rounded / TokenCacheSet.places
  }

  deinit {
    for segment in segments { segment.free() }
  }

  /// The verified token, unless it is unknown or has expired. Allocates nothing.
  package func find(_ digest: TokenDigest, now: Int64) -> VerifiedToken? {
    guard capacity > 0 else { return nil }
    if setCount > 0 {
      let set = set(at: index(of: digest))
      if let place = set.find(digest), let found = set.entries[place].token {
        if now < found.verdictEnd {
          clock &+= 1
          set.entries[place].stamp = clock
          hits &+= 1
          return found
        }
        remove(place, of: set)
      }
    }
    misses &+= 1
    return nil
  }

  /// - Parameter length: bytes of the token.
  package func insert(_ digest: TokenDigest, length: Int, _ verified: VerifiedToken) {
    guard capacity > 0 else { return }
    grow()
    let set = set(at: index(of: digest))
    let place = set.place(for: digest)
    if set.isTaken(place) {
      if set.entries[place].digest != digest { evictions &+= 1 }
      remove(place, of: set)
    }
    let size = Self.overhead + Self.growth * length
    makeRoom(for: size)
    clock &+= 1
    set.put(TokenCacheSet.Entry(digest: digest, stamp: clock, size: size, token: verified), at: place)
    count += 1
    bytes += size
  }

  package func removeAll(where isObsolete: (VerifiedToken) -> Bool = { _ in true }) {
    for index in 0..<setCount {
      let set = set(at: index)
      for place in 0..<TokenCacheSet.places {
        if let token = set.entries[place].token, isObsolete(token) { remove(place, of: set) }
      }
    }
  }

  private func remove(_ place: Int, of set: TokenCacheSet) {
    count -= 1
    bytes -= set.entries[place].size
    set.clear(place)
  }

  private func makeRoom(for size: Int) {
    while bytes + size > byteLimit, count > 0 {
      let set = set(at: hand)
      if let place = set.oldest {
        remove(place, of: set)
        evictions &+= 1
      }
      hand = hand + 1 == setCount ? 0 : hand + 1
    }
  }

  /// Adds one set when there is too little room. A set is added for every few entries, and divides one other.
  private func grow() {
    guard setCount < setLimit, count * Self.room >= setCount * TokenCacheSet.places else { return }
    let added = setCount
    if added % Segment.sets == 0 { segments.append(Segment()) }
    setCount += 1
    guard added > 0 else { return }
    if added > setMask { setMask = setMask << 1 | 1 }
    let (divided, new) = (set(at: added & setMask >> 1), set(at: added))
    for place in 0..<TokenCacheSet.places where divided.isTaken(place) {
      let entry = divided.entries[place]
      guard index(of: entry.digest) == added else { continue }
      new.put(entry, at: place)
      divided.clear(place)
    }
  }

  private func set(at index: Int) -> TokenCacheSet {
    let segment = segments[index / Segment.sets]
    let position = index % Segment.sets
    return TokenCacheSet(
      tags: segment.tags + position, entries: segment.entries + position * TokenCacheSet.places)
  }

  /// A set that has not been added yet is still a part of the one that it will divide.
  private func index(of digest: TokenDigest) -> Int {
    let index = digest.spread & setMask
    return index < setCount ? index : index & setMask >> 1
  }
}
