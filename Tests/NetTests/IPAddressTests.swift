import Testing

@testable import Net

struct IPAddressTests {
  /// Spelling, canonical spelling, whether it is IPv4.
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1", true),
    ("0.0.0.0", "0.0.0.0", true),
    ("255.255.255.255", "255.255.255.255", true),
    ("::ffff:10.0.0.1", "10.0.0.1", true),
    ("::FFFF:0a00:0001", "10.0.0.1", true),
    ("0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1", true),
    ("::1", "::1", false),
    ("::", "::", false),
    ("2001:DB8:0:0:0:0:0:5", "2001:db8::5", false),
    ("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1", false),
    ("fe80::1", "fe80::1", false),
    ("::fffe:10.0.0.1", "::fffe:a00:1", false),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
  ])
  func spellings(_ text: String, _ canonical: String, _ isV4: Bool) throws {
    let address = try #require(IPAddress(text))
    #expect(String(decoding: address.text, as: UTF8.self) == canonical)
    #expect(address.isV4 == isV4)
    #expect(IPAddress(canonical) == address)
  }

  @Test(arguments: [
    "", " ", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\0", "0x1.2.3.4",
    "+1.2.3.4",
    "localhost", ":", ":::", "1::2::3", "::g", "12345::", "fe80::1%eth0", "[::1]", "::1\0x", "1:2:3:4:5:6:7:8:9",
    "::ffff:10.0.0.01", "::ffff:10.0.0", "1.2.3.4:80", "unix", "1.2.3.4/8",
    "0000:0000:0000:0000:0000:ffff:255.255.255.2555", "00000000000000000000000000000000000000000000000::1",
  ])
  func refused(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test func theFamilyIsTheCallersChoice() {
    let v4 = [UInt8]("1.2.3.4".utf8)
    let v6 = [UInt8]("::1".utf8)
    #expect(v4.withUnsafeBytes { IPAddress(v6: $0) } == nil)
    #expect(v6.withUnsafeBytes { IPAddress(v4: $0) } == nil)
  }

  @Test func octets() {
    #expect(IPAddress(octets: [192, 0, 2, 1]) == IPAddress("192.0.2.1"))
    #expect(IPAddress(octets: [UInt8](repeating: 0, count: 15) + [1]) == IPAddress("::1"))
    let mapped = [UInt8](repeating: 0, count: 10) + [255, 255, 10, 0, 0, 1]
    #expect(IPAddress(octets: mapped) == IPAddress("10.0.0.1"))
  }

  @Test(arguments: [
    (SocketAddress.ip("::ffff:10.0.0.1", port: 5), "10.0.0.1"), (.ip("10.0.0.1", port: 5), "10.0.0.1"),
    (.ip("2001:DB8::5", port: 5), "2001:db8::5"), (.ip("fe80::1%eth0", port: 5), "fe80::1%eth0"),
    (.unix(path: "/run/a.sock"), "unix"),
  ])
  func clientNames(_ address: SocketAddress, _ name: String) {
    #expect(String(decoding: address.clientName, as: UTF8.self) == name)
  }
}
