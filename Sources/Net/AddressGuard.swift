/// Tells the public internet from everything else. Who connects to where somebody else says must not be led to this
/// machine, its network or its cloud's metadata service.
///
/// By IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890) and of the IPv6 address space: what
/// they do not allocate is not public either.
package enum AddressGuard {
  /// Whether it is an address that anybody may have a server at.
  package static func isPublic(_ address: IPAddress) -> Bool {
    if address.isV4 { return !specialV4.contains(address) }
    // A translator of this network takes the IPv4 address out (RFC 6052 §2.1).
    if let translated, translated.contains(address) { return isPublic(address.embeddedV4) }
    return globalUnicast?.contains(address) == true && !specialV6.contains(address)
  }

  /// What is no plain IP address is not public: a socket file, an address with a zone.
  package static func isPublic(_ address: SocketAddress) -> Bool {
    address.ipAddress.map { isPublic($0) } ?? false
  }

  private static let specialV4 = ranges([
    "0.0.0.0/8",  // this network
    "10.0.0.0/8",  // private use
    "100.64.0.0/10",  // shared by the customers of a carrier
    "127.0.0.0/8",  // loopback
    "168.63.129.16",  // public by its range, but in Azure the host of each machine answers at it
    "169.254.0.0/16",  // link-local, where clouds have their metadata
    "172.16.0.0/12",  // private use
    "192.0.0.0/24",  // IETF protocol assignments
    "192.0.2.0/24",  // documentation
    "192.88.99.0/24",  // relays of 6to4, which are gone
    "192.168.0.0/16",  // private use
    "198.18.0.0/15",  // benchmarking
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",  // multicast
    "240.0.0.0/4",  // reserved, and broadcast
  ])

  /// All that is allocated to hosts. Outside of it are ::, ::1, IPv4-compatible addresses, 64:ff9b:1::/48, 100::/64,
  /// 5f00::/16, fc00::/7, fe80::/10, fec0::/10 and ff00::/8.
  private static let globalUnicast = AddressRange("2000::/3")

  private static let specialV6 = ranges([
    "2001::/23",  // IETF protocol assignments: Teredo, benchmarking, ORCHID
    "2001:db8::/32",  // documentation
    "2002::/16",  // 6to4: leads to any IPv4 address, and nobody needs it
    "3ffe::/16",  // the 6bone, which is gone
    "3fff::/20",  // documentation
  ])

  private static let translated = AddressRange("64:ff9b::/96")

  private static func ranges(_ texts: [String]) -> AddressRanges {
    AddressRanges(texts.compactMap { AddressRange($0) })
  }
}
