/// Sixteen places of a ``TokenCache``. A byte of each digest is looked at first, eight of them at once, so that a
/// look-up reads these and, nearly always, only the entry that it is for.
struct TokenCacheSet {
  struct Entry {
    var digest = TokenDigest.none
    /// When the entry was last used, by the clock of the cache.
    var stamp: UInt64 = 0
    /// Bytes it stands for.
    var size = 0
    var token: VerifiedToken?
  }

  /// ``TokenDigest/tag`` of each place; 0 when it is free.
  struct Tags {
    var low: UInt64 = 0
    var high: UInt64 = 0
  }

  static let places = 16

  let tags: UnsafeMutablePointer<Tags>
  let entries: UnsafeMutablePointer<Entry>

  /// The place of that digest.
  @inline(__always)
  func find(_ digest: TokenDigest) -> Int? {
    let wanted = Self.ones &* UInt64(digest.tag)
    var low = Self.zeros(tags.pointee.low ^ wanted)
    var high = Self.zeros(tags.pointee.high ^ wanted)
    // A place may be reported by mistake, so its digest decides.
    while let place = Self.first(low, high) {
      if entries[place].digest == digest { return place }
      if low != 0 { low &= low &- 1 } else { high &= high &- 1 }
    }
    return nil
  }

  /// The place that holds this digest already, else a free one, else the one longest not used.
  func place(for digest: TokenDigest) -> Int {
    find(digest) ?? Self.first(Self.zeros(tags.pointee.low), Self.zeros(tags.pointee.high)) ?? oldest ?? 0
  }

  /// The place longest not used; nil when none is taken.
  var oldest: Int? {
    guard tags.pointee.low | tags.pointee.high != 0 else { return nil }
    var oldest: Int?
    for place in 0..<Self.places where isTaken(place) {
      if let best = oldest, entries[best].stamp < entries[place].stamp { continue }
      oldest = place
    }
    return oldest
  }

  func isTaken(_ place: Int) -> Bool { entries[place].token != nil }

  /// Fills a place that is free.
  func put(_ entry: Entry, at place: Int) {
    entries[place] = entry
    setTag(entry.digest.tag, at: place)
  }

  func clear(_ place: Int) {
    entries[place] = Entry()
    setTag(0, at: place)
  }

  private func setTag(_ tag: UInt8, at place: Int) {
    let shift = UInt64(place & 7) &* 8
    let (kept, value) = (~(UInt64(0xFF) &<< shift), UInt64(tag) &<< shift)
    if place < 8 {
      tags.pointee.low = tags.pointee.low & kept | value
    } else {
      tags.pointee.high = tags.pointee.high & kept | value
    }
  }

  /// The highest bit of each byte that is zero. Above one that is, a byte of 1 may be taken for zero.
  private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

  private static func first(_ low: UInt64, _ high: UInt64) -> Int? {
    if low != 0 { return low.trailingZeroBitCount / 8 }
    return high == 0 ? nil : 8 &+ high.trailingZeroBitCount / 8
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080
}
