package import Bytes
import Glibc

/// An IP address as a number, so that addresses compare by what they are and not by how they are spelled.
///
/// An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), by which a dual-stack socket names its IPv4 peers, *is* the IPv4
/// address.
package struct IPAddress: Hashable, Sendable {
  /// IPv4 addresses in their mapped form, `::ffff:a.b.c.d`.
  let bits: UInt128

  init(bits: UInt128) { self.bits = bits }

  /// - Parameter octets: 4 or 16 of them, in network order.
  init(octets: some Sequence<UInt8>) {
    var count = 0
    var number: UInt128 = 0
    for octet in octets {
      number = number << 8 | UInt128(octet)
      count += 1
    }
    bits = count == 4 ? Self.mapped | number : number
  }

  /// Dotted decimal: four numbers without leading zeros.
  package init?(v4 text: ByteView) {
    var address = in_addr()
    guard Self.parse(text, AF_INET, &address) else { return nil }
    self = withUnsafeBytes(of: address) { IPAddress(octets: $0) }
  }

  /// Any spelling of RFC 4291 §2.2, without brackets and without a zone.
  package init?(v6 text: ByteView) {
    var address = in6_addr()
    guard Self.parse(text, AF_INET6, &address) else { return nil }
    self = withUnsafeBytes(of: address) { IPAddress(octets: $0) }
  }

  package init?(_ text: ByteView) {
    let parsed = text.contains(ASCII.colon) ? IPAddress(v6: text) : IPAddress(v4: text)
    guard let parsed else { return nil }
    self = parsed
  }

  package init?(_ text: String) {
    var text = text
    guard let parsed = text.withUTF8({ IPAddress(ByteView($0)) }) else { return nil }
    self = parsed
  }

  package var isV4: Bool { bits >> 32 == Self.mapped >> 32 }

  /// The one spelling that stands for it in logs and fields: dotted decimal, or RFC 5952.
  package var text: [UInt8] {
    var octets = bits.bigEndian
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
      let written = withUnsafeBytes(of: &octets) { octets in
        let source = octets.baseAddress.map { isV4 ? $0 + 12 : $0 }
        return inet_ntop(isV4 ? AF_INET : AF_INET6, source, room.baseAddress, socklen_t(room.count))
      }
      // No larger than it must be: each connection keeps one.
      return written.map { [UInt8](ByteView(start: $0, count: strlen($0))) } ?? []
    }
  }

  fileprivate static let mapped: UInt128 = 0xFFFF_0000_0000

  private static func parse(_ text: ByteView, _ family: Int32, _ address: UnsafeMutableRawPointer) -> Bool {
    // A NUL would end the text early for the system's parser.
    guard text.count < Int(INET6_ADDRSTRLEN), !text.contains(0) else { return false }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
      for index in text.indices { room[index] = CChar(bitPattern: text[index]) }
      room[text.count] = 0
      guard let start = room.baseAddress else { return false }
      return inet_pton(family, start, address) == 1
    }
  }
}

extension SocketAddress {
  /// Nil for a UNIX-domain socket.
  package var ipAddress: IPAddress? {
    switch self {
    case .ip(let address, _): IPAddress(address)
    case .unix: nil
    }
  }

  /// How a client at this address is named in logs and towards backends: the address in its canonical spelling, or
  /// `unix`.
  package var clientName: [UInt8] {
    switch self {
    case .ip(let address, _): IPAddress(address)?.text ?? [UInt8](address.utf8)
    case .unix: [UInt8]("unix".utf8)
    }
  }
}

extension IPAddress {
  /// What one subscriber has: the address itself, or the /64 of an IPv6 address.
  package var network: UInt128 { isV4 ? bits : (bits >> 64) << 64 }

  /// The IPv4 address in the last 32 bits of an IPv6 address.
  var embeddedV4: IPAddress { IPAddress(bits: Self.mapped | bits & 0xFFFF_FFFF) }
}
