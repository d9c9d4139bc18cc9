/// Values that expire, of which there is never more than a fixed number: the oldest makes room for the
/// newest.
struct BoundedStore<Value> {
  private struct Entry {
    var value: Value
    let expiry: Int64
    /// Tells a stored value from an earlier one under the same key.
    let serial: UInt64
  }

  private let capacity: Int
  private var entries = [String: Entry]()
  /// Keys in the order of insertion; one whose serial is no longer current stands for a value that is gone.
  private var order = [(key: String, serial: UInt64)]()
  private var nextSerial: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { entries.count }

  /// The value under `key`, unless it has expired.
  func value(_ key: String, now: Int64) -> Value? {
    guard let entry = entries[key], now < entry.expiry else { return nil }
    return entry.value
  }

  mutating func insert(_ value: Value, _ key: String, expiry: Int64, now: Int64) {
    if entries[key] == nil, entries.count >= capacity { makeRoom(now: now) }
    nextSerial += 1
    entries[key] = Entry(value: value, expiry: expiry, serial: nextSerial)
    order.append((key, nextSerial))
    if order.count > 2 * capacity { forgetStaleOrder() }
  }

  /// Changes a value in place, keeping its place in the queue.
  mutating func update(_ key: String, _ change: (inout Value) -> Void) {
    guard var entry = entries[key] else { return }
    change(&entry.value)
    entries[key] = entry
  }

  @discardableResult
  mutating func remove(_ key: String) -> Value? { entries.removeValue(forKey: key)?.value }

  private mutating func makeRoom(now: Int64) {
    entries = entries.filter { now < $0.value.expiry }
    forgetStaleOrder()
    guard entries.count >= capacity, let oldest = order.first else { return }
    entries[oldest.key] = nil
    order.removeFirst()
  }

  private mutating func forgetStaleOrder() {
    order.removeAll { entries[$0.key]?.serial != $0.serial }
  }
}
