import Bytes

/// How often a client may do something a minute. Counted for each address (IPv6: /64, which is one customer's), in a
/// table of fixed size.
package final class ClientBudget {
  private struct Entry {
    var key: UInt128 = 0
    /// Minutes since 1970.
    var minute: Int64 = .min
    var count = 0
  }

  private static let places = 4096
  private static let ways = 4

  private let limit: Int
  private var entries: [Entry]
  /// Makes places of the table unpredictable.
  private let seed = UInt64.random(in: .min ... .max)

  /// - Parameter limit: times for each client and minute; 0: any number.
  package init(limit: Int) {
    self.limit = limit
    entries = Array(repeating: Entry(), count: limit > 0 ? Self.places : 0)
  }

  /// - Parameters:
  ///   - client: an address literal, or another name for where a client is.
  ///   - now: seconds since 1970.
  /// - Returns: nil when this client may do it now; else the seconds until it may again.
  package func wait(for client: [UInt8], now: Int64) -> Int? {
    guard limit > 0 else { return nil }
    let key = Self.network(of: client)
    guard let place = place(of: key), entries[place].minute == now / 60, entries[place].count >= limit else {
      return nil
    }
    return Int(60 - now % 60)
  }

  package func spend(_ client: [UInt8], now: Int64) {
    guard limit > 0 else { return }
    let key = Self.network(of: client)
    let place = place(of: key) ?? oldest(for: key)
    if entries[place].key != key || entries[place].minute != now / 60 {
      entries[place] = Entry(key: key, minute: now / 60)
    }
    entries[place].count += 1
  }

  private func set(of key: UInt128) -> Range<Int> {
    let mixed = (UInt64(truncatingIfNeeded: key) ^ UInt64(truncatingIfNeeded: key >> 64) ^ seed)
      .multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    let first = Int(truncatingIfNeeded: mixed.high ^ mixed.low) & (Self.places / Self.ways - 1)
    return first * Self.ways..<(first + 1) * Self.ways
  }

  private func place(of key: UInt128) -> Int? {
    set(of: key).first { entries[$0].minute != .min && entries[$0].key == key }
  }

  /// The place that is given to a newcomer: whoever came longest ago, else least often.
  private func oldest(for key: UInt128) -> Int {
    let set = set(of: key)
    return set.min { left, right in
      (entries[left].minute, entries[left].count) < (entries[right].minute, entries[right].count)
    } ?? set.lowerBound
  }

  /// Where a client is: its address, or the /64 of it. All that are no addresses are one.
  package static func network(of client: [UInt8]) -> UInt128 {
    client.withUnsafeBytes { IPAddress($0)?.network ?? 0 }
  }
}
