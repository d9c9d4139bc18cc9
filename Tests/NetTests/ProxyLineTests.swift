import Net
import Testing

/// Version 1 of the PROXY protocol.
struct ProxyLineTests {
  private static let full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

  @Test(arguments: [
    ("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n", "192.0.2.1:56324 to 10.0.0.1:443"),
    ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0:0 to 255.255.255.255:65535"),
    ("PROXY TCP6 2001:DB8::1 fd00::2 1 2\r\n", "[2001:db8::1]:1 to [fd00::2]:2"),
    ("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1 to [::1]:2"),
    ("PROXY TCP6 \(full) \(full) 65535 65535\r\n", "[\(full)]:65535 to [\(full)]:65535"),
    ("PROXY UNKNOWN\r\n", "no addresses"),
    ("PROXY UNKNOWN \r\n", "no addresses"),
    ("PROXY UNKNOWN whatever  comes\tnow\r\n", "no addresses"),
    ("PROXY UNKNOWN \(full) \(full) 65535 65535\r\n", "no addresses"),
  ])
  func good(_ line: String, _ words: String) {
    let rest = [UInt8]("GET / HTTP/1.1\r\n".utf8)
    #expect(ProxyHeaderDecoder.outcome([UInt8](line.utf8)) == ProxyOutcome(words: words, rest: []))
    #expect(ProxyHeaderDecoder.outcome([UInt8](line.utf8) + rest) == ProxyOutcome(words: words, rest: rest))
  }

  @Test(arguments: [
    // Something else.
    ("GET / HTTP/1.1\r\n", "proxy_header_missing"),
    ("PRI * HTTP/2.0\r\n", "proxy_header_missing"),
    ("proxy TCP4", "proxy_header_missing"),
    ("PROXY\tTCP4", "proxy_header_missing"),
    ("PROXY\r\n", "proxy_header_missing"),
    ("\u{16}\u{3}\u{1}", "proxy_header_missing"),
    ("\r\n\r\nGET", "proxy_header_missing"),
    // The line.
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", "proxy_malformed_line"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rG", "proxy_malformed_line"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n", "proxy_malformed_line"),
    ("PROXY UNKNOWN a\nb\r\n", "proxy_malformed_line"),
    ("PROXY UNKNOWN a\rb\r\n", "proxy_malformed_line"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "proxy_malformed_line"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "proxy_malformed_line"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", "proxy_malformed_line"),
    ("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", "proxy_malformed_line"),
    ("PROXY TCP4\r\n", "proxy_malformed_line"),
    // The family.
    ("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "proxy_unknown_family"),
    ("PROXY \r\n", "proxy_unknown_family"),
    ("PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n", "proxy_unknown_family"),
    ("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", "proxy_unknown_family"),
    ("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "proxy_unknown_family"),
    ("PROXY UNKNOWNS\r\n", "proxy_unknown_family"),
    // Addresses.
    ("PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP4 1.2.3.4 1.2.3 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP4 ::1 ::1 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP6 [::1] ::1 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", "proxy_malformed_address"),
    ("PROXY TCP4 1.2.3.4  1 2\r\n", "proxy_malformed_address"),
    // Ports.
    ("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 00 2\r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 99999999999999999999\r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n", "proxy_malformed_port"),
    ("PROXY TCP4 1.2.3.4 1.2.3.4 1 0x2\r\n", "proxy_malformed_port"),
  ])
  func refused(_ line: String, _ reason: String) {
    #expect(ProxyHeaderDecoder.outcome([UInt8](line.utf8)).words == reason)
  }

  /// The longest line has 107 bytes with its end: one more is refused as soon as it is sure to come.
  @Test func theLongestLine() {
    let start = [UInt8]("PROXY UNKNOWN ".utf8)
    let fits = start + [UInt8](repeating: 0x61, count: 105 - start.count)
    #expect(ProxyHeaderDecoder.outcome(fits + [13, 10]).words == "no addresses")
    #expect(ProxyHeaderDecoder.outcome(fits).words == "partial")
    #expect(ProxyHeaderDecoder.outcome(fits + [0x61]).words == "partial")
    #expect(ProxyHeaderDecoder.outcome(fits + [0x61, 13]).words == "proxy_header_too_long")
    #expect(ProxyHeaderDecoder.outcome(fits + [0x61, 0x61]).words == "proxy_header_too_long")
  }
}
