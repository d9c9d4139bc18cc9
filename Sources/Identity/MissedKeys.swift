/// Key ids that the provider does not have, as a fetch has just shown: who asks for one of them again need not wait.
///
/// Bounded, and short of memory on purpose: the provider may publish such a key a moment later.
struct MissedKeys {
  private var entries: [(key: Int, until: UInt64)] = []
  private var oldest = 0
  private let lifetime: UInt64

  static let capacity = 256

  /// - Parameter lifetime: milliseconds that an id is remembered.
  init(lifetime: UInt64) { self.lifetime = lifetime }

  mutating func insert(_ kid: String, now: UInt64) {
    let entry = (key: Self.key(kid), until: now + lifetime)
    if let index = entries.firstIndex(where: { $0.key == entry.key }) {
      entries[index] = entry
    } else if entries.count < Self.capacity {
      entries.append(entry)
    } else {
      entries[oldest] = entry
      oldest = (oldest + 1) % Self.capacity
    }
  }

  func contains(_ kid: String, now: UInt64) -> Bool {
    guard !entries.isEmpty else { return false }
    let key = Self.key(kid)
    return entries.contains { $0.key == key && now < $0.until }
  }

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    oldest = 0
  }

  /// Seeded anew for each process, and short: ids are as long as strangers make them.
  private static func key(_ kid: String) -> Int {
    var hasher = Hasher()
    for byte in kid.utf8 { hasher.combine(byte) }
    return hasher.finalize()
  }
}
