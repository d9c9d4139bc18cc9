import Net
import Testing

struct AddressRangeTests {
  @Test(arguments: [
    ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["9.255.255.255", "11.0.0.0", "::10.0.0.1"]),
    ("10.1.2.3/8", ["10.9.9.9"], ["11.0.0.0"]),
    ("192.0.2.1", ["192.0.2.1", "::ffff:192.0.2.1"], ["192.0.2.0", "192.0.2.2", "::1"]),
    ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.2"]),
    ("192.0.2.0/31", ["192.0.2.0", "192.0.2.1"], ["192.0.2.2"]),
    ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], ["::", "::1", "2001:db8::1"]),
    ("128.0.0.0/1", ["128.0.0.0", "255.0.0.1"], ["127.255.255.255"]),
    ("::/0", ["::", "::1", "ffff::"], ["10.0.0.1", "::ffff:10.0.0.1"]),
    ("fd00::/8", ["fd00::1", "fdff:ffff::"], ["fc00::1", "fe00::"]),
    ("2001:db8::/32", ["2001:DB8:ffff::"], ["2001:db9::"]),
    ("2001:db8::/127", ["2001:db8::", "2001:db8::1"], ["2001:db8::2"]),
    ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "0.0.0.1"]),
    ("::1/128", ["::1"], ["::2"]),
    ("::ffff:10.0.0.0/104", ["10.200.0.1", "::ffff:10.0.0.1"], ["11.0.0.1"]),
    ("::ffff:0:0/96", ["1.2.3.4"], ["::1"]),
    ("::ffff:0:0/80", ["::1"], ["1.2.3.4"]),
  ])
  func containment(_ text: String, _ inside: [String], _ outside: [String]) throws {
    let range = try #require(AddressRange(text))
    for address in inside { #expect(range.contains(.ip(address, port: 1)), "\(text) \(address)") }
    for address in outside { #expect(!range.contains(.ip(address, port: 1)), "\(text) \(address)") }
    #expect(!range.contains(.unix(path: "/a")))
  }

  @Test(arguments: [
    "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/08", "10.0.0.0/00", "10.0.0.0/-1", "10.0.0.0/+8",
    "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0 /8", "10.0.0.0/0x8", "10.0.0.0/1000", "10.0.0/8", "010.0.0.0/8",
    "10.0.0.0/255.0.0.0", "[::1]/128", "::1%lo", "localhost", "Unix", "unix/8", "unix:/run/a", "*",
  ])
  func refused(_ text: String) { #expect(AddressRange(text) == nil) }

  @Test func unixSocketsAreARangeOfTheirOwn() throws {
    let range = try #require(AddressRange("unix"))
    #expect(range.contains(.unix(path: "")))
    #expect(range.contains(.unix(path: "/run/a.sock")))
    #expect(!range.contains(.ip("127.0.0.1", port: 1)))
    #expect(!range.contains(.ip("unix", port: 1)))
  }

  @Test func rangesAreEqualWhenTheyContainTheSame() {
    #expect(AddressRange("10.1.2.3/8") == AddressRange("10.0.0.0/8"))
    #expect(AddressRange("10.0.0.1") == AddressRange("::ffff:10.0.0.1"))
    #expect(AddressRange("10.0.0.0/8") != AddressRange("10.0.0.0/9"))
  }

  @Test func lists() {
    let ranges = AddressRanges(["10.0.0.0/8", "fd00::/8", "unix"].compactMap { AddressRange($0) })
    #expect(!ranges.isEmpty)
    #expect(ranges.contains(.ip("::ffff:10.0.0.1", port: 1)))
    #expect(ranges.contains(.ip("fd00::1", port: 1)))
    #expect(ranges.contains(.unix(path: "")))
    #expect(!ranges.contains(.ip("192.0.2.1", port: 1)))
    #expect(!ranges.contains(.ip("no address", port: 1)))
    let nobody = AddressRanges([])
    #expect(nobody.isEmpty)
    #expect(!nobody.contains(.ip("10.0.0.1", port: 1)))
    #expect(!nobody.contains(.unix(path: "")))
  }
}
