import Net
import Testing

struct AddressGuardTests {
  private func isPublic(_ text: String) throws -> Bool { AddressGuard.isPublic(try #require(IPAddress(text))) }

  /// The first and the last address of each range.
  private static let special = [
    // IPv4.
    ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"), ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"), ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"), ("198.18.0.0", "198.19.255.255"), ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"), ("224.0.0.0", "239.255.255.255"), ("240.0.0.0", "255.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    // IPv6.
    ("::", "::1"), ("::2", "::fffe:ffff:ffff"), ("::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("64:ff9b:0:0:0:1::", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff"),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    ("64:ff9b:2::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("100::", "100::ffff:ffff:ffff:ffff"), ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("5f01::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
  ]

  @Test(arguments: special)
  func specialRangesEnd(_ first: String, _ last: String) throws {
    #expect(try !isPublic(first))
    #expect(try !isPublic(last))
  }

  /// What lies right outside of the ranges, and what everybody knows.
  @Test(arguments: [
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.1.255",
    "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15",
    "168.63.129.17", "8.8.8.8",
    "2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::", "2600:1f18::1", "2a00:1450:4001:800::200e",
    "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  ])
  func publicAddresses(_ text: String) throws { #expect(try isPublic(text)) }

  /// The addresses behind which clouds tell a machine its credentials.
  @Test(arguments: [
    "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254",
    "fe80::a9fe:a9fe", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254", "::169.254.169.254",
    "64:ff9b:1::169.254.169.254", "2001:0:a9fe:a9fe::",
  ])
  func metadataServices(_ text: String) throws { #expect(try !isPublic(text)) }

  /// An IPv6 address that stands for an IPv4 address is as public as that.
  @Test(arguments: ["8.8.8.8", "172.15.255.255", "127.0.0.1", "10.1.2.3", "0.0.0.0", "255.255.255.255", "192.0.2.1"])
  func embeddedAddresses(_ text: String) throws {
    let isPublic = try isPublic(text)
    #expect(try self.isPublic("::ffff:\(text)") == isPublic)
    #expect(try self.isPublic("64:ff9b::\(text)") == isPublic)
    // Compatible addresses are nobody's any more (RFC 4291 §2.5.5.1).
    #expect(try !self.isPublic("::\(text)"))
  }

  @Test(arguments: [
    (SocketAddress.ip("8.8.8.8", port: 443), true), (.ip("2600::1", port: 443), true),
    (.ip("127.0.0.1", port: 443), false), (.ip("fe80::1%eth0", port: 443), false),
    (.ip("2600::1%eth0", port: 1), false),
    (.ip("host.example", port: 443), false), (.ip("", port: 443), false), (.unix(path: "/run/a.sock"), false),
  ])
  func socketAddresses(_ address: SocketAddress, _ isPublic: Bool) {
    #expect(AddressGuard.isPublic(address) == isPublic)
  }
}
