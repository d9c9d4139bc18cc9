import Bytes

/// Addresses of peers that the configuration names: one address, or all that share a prefix (RFC 4632, RFC 4291
/// §2.3), or whoever comes by a UNIX-domain socket.
package struct AddressRange: Equatable, Sendable {
  private enum Extent: Equatable {
    case unix
    case ip(IPAddress, mask: UInt128)
  }

  private let extent: Extent

  /// - Parameter text: for example `10.0.0.0/8`, `192.0.2.1`, `fd00::/8`, `::1` or `unix`. Bits behind the prefix
  ///   mean nothing: `10.1.2.3/8` is `10.0.0.0/8`.
  package init?(_ text: String) {
    guard text != "unix" else {
      extent = .unix
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return nil }
    let width = parts[0].contains(":") ? 128 : 32
    guard parts.count > 1 else {
      extent = .ip(address, mask: .max)
      return
    }
    guard let length = Self.number(parts[1]), length <= width else { return nil }
    let ignored = width - length
    let mask = ignored == 128 ? 0 : UInt128.max << UInt128(ignored)
    extent = .ip(IPAddress(bits: address.bits & mask), mask: mask)
  }

  package func contains(_ address: SocketAddress) -> Bool {
    switch (address, extent) {
    case (.unix, .unix): true
    case (.ip, .ip): address.ipAddress.map { contains($0) } ?? false
    default: false
    }
  }

  /// No IPv6 prefix contains an IPv4 address, however short it is: `::/0` is every IPv6 address.
  package func contains(_ address: IPAddress) -> Bool {
    guard case .ip(let first, let mask) = extent else { return false }
    return first.isV4 == address.isV4 && (first.bits ^ address.bits) & mask == 0
  }

  /// A decimal number without sign and leading zeros.
  private static func number(_ text: Substring) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
    guard text.utf8.count == 1 || text.utf8.first != 0x30 else { return nil }
    return Int(text)
  }
}

/// The ranges that one setting lists.
package struct AddressRanges: Equatable, Sendable {
  private let ranges: [AddressRange]

  package init(_ ranges: [AddressRange]) { self.ranges = ranges }

  package var isEmpty: Bool { ranges.isEmpty }

  package func contains(_ address: SocketAddress) -> Bool {
    guard !ranges.isEmpty else { return false }
    guard let ip = address.ipAddress else { return ranges.contains { $0.contains(address) } }
    return contains(ip)
  }

  package func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
}
