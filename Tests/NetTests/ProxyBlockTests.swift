import Testing

@testable import Net

/// Version 2 of the PROXY protocol.
struct ProxyBlockTests {
  private func words(_ change: (inout ProxyBlockBuilder) -> Void = { _ in }) -> String {
    var block = ProxyBlockBuilder()
    change(&block)
    return ProxyHeaderDecoder.outcome(block.bytes).words
  }

  private static let v6 =
    [UInt8](repeating: 0, count: 15) + [1] + [0xFD] + [UInt8](repeating: 0, count: 15) + [0, 7, 1, 0]

  private static func path(_ text: String) -> [UInt8] {
    [UInt8](text.utf8) + [UInt8](repeating: 0, count: 108 - text.utf8.count)
  }

  @Test func internetAddresses() {
    #expect(words() == "192.0.2.1:56324 to 10.0.0.1:443")
    #expect(
      words {
        $0.family = 0x21
        $0.addresses = Self.v6
      } == "[::1]:7 to [fd00::]:256")
  }

  /// A load balancer whose socket takes both families: its IPv4 clients are IPv4 clients.
  @Test func mappedAddressesAreIPv4() {
    let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1]
    #expect(
      words {
        $0.family = 0x21
        $0.addresses = mapped + mapped + [0, 1, 0, 2]
      } == "192.0.2.1:1 to 192.0.2.1:2")
  }

  @Test func unixSockets() {
    #expect(
      words {
        $0.family = 0x31
        $0.addresses = Self.path("/run/client") + Self.path("/run/server")
      } == "unix:/run/client to unix:/run/server")
    #expect(
      words {
        $0.family = 0x31
        $0.addresses = Self.path("") + Self.path(String(repeating: "a", count: 108))
      } == "unix: to unix:\(String(repeating: "a", count: 108))")
  }

  private static let locals: [(UInt8, [UInt8])] = [
    (0x00, []), (0x11, ProxyBlockBuilder().addresses), (0x11, [1, 2, 3]), (0xFF, [9, 9, 9, 9]),
    (0x00, [3, 0, 4, 0, 0, 0, 0]),
  ]

  /// Health checks of the load balancer itself: whatever the rest says is skipped.
  @Test(arguments: locals)
  func local(_ family: UInt8, _ rest: [UInt8]) {
    var block = ProxyBlockBuilder()
    block.versionAndCommand = 0x20
    block.family = family
    block.addresses = rest
    #expect(
      ProxyHeaderDecoder.outcome(block.bytes + [0x47]) == ProxyOutcome(words: "no addresses", rest: [0x47]))
  }

  @Test(arguments: [(UInt8(0x00), 0), (0x01, 0), (0x10, 12), (0x20, 36), (0x30, 216)])
  func unspecified(_ family: UInt8, _ length: Int) {
    #expect(
      words {
        $0.family = family
        $0.addresses = [UInt8](repeating: 1, count: length)
      } == "no addresses")
  }

  @Test(arguments: [
    (UInt8(0x11), UInt8(0x11), "proxy_unsupported_version"), (0x31, 0x11, "proxy_unsupported_version"),
    (0x01, 0x11, "proxy_unsupported_version"), (0x22, 0x11, "proxy_unknown_command"),
    (0x2F, 0x11, "proxy_unknown_command"), (0x21, 0x41, "proxy_unknown_family"), (0x21, 0xF1, "proxy_unknown_family"),
    (0x21, 0x13, "proxy_unknown_family"), (0x21, 0x1F, "proxy_unknown_family"), (0x21, 0x12, "proxy_datagram"),
    (0x21, 0x22, "proxy_datagram"), (0x21, 0x32, "proxy_datagram"), (0x21, 0x02, "proxy_datagram"),
  ])
  func refused(_ command: UInt8, _ family: UInt8, _ reason: String) {
    #expect(
      words {
        $0.versionAndCommand = command
        $0.family = family
      } == reason)
  }

  @Test(arguments: [(UInt8(0x11), 11), (0x11, 0), (0x21, 35), (0x31, 215), (0x10, 11)])
  func addressesThatEndEarly(_ family: UInt8, _ length: Int) {
    #expect(
      words {
        $0.family = family
        $0.addresses = [UInt8](repeating: 0, count: length)
      } == "proxy_short_addresses")
  }

  @Test func theLargestBlock() {
    let padding = 4096 - 12 - 3
    #expect(words { $0.vectors = ProxyBlockBuilder.vector(4, [UInt8](repeating: 0, count: padding)) }.hasPrefix("192."))
    let head = [UInt8](ProxyBlockBuilder().bytes.prefix(14))
    #expect(ProxyHeaderDecoder.outcome(head + [0x10, 0x01]).words == "proxy_header_too_long")
    #expect(ProxyHeaderDecoder.outcome(head + [0xFF, 0xFF]).words == "proxy_header_too_long")
    #expect(ProxyHeaderDecoder.outcome(head + [0x10, 0x00]).words == "partial")
  }

  @Test func vectorsAreSkipped() {
    #expect(
      words {
        $0.vectors =
          ProxyBlockBuilder.vector(1, [UInt8]("h2".utf8)) + ProxyBlockBuilder.vector(2, [UInt8]("gw.example".utf8))
          + ProxyBlockBuilder.vector(4, []) + ProxyBlockBuilder.vector(5, [1]) + ProxyBlockBuilder.vector(0x20, [1, 0])
          + ProxyBlockBuilder.vector(0xEA, [UInt8](repeating: 7, count: 300))
      } == "192.0.2.1:56324 to 10.0.0.1:443")
  }

  @Test(arguments: [[UInt8(4)], [4, 0], [4, 0, 1], [4, 0, 0, 4], [4, 0xFF, 0xFF, 0], [4, 0, 0, 5, 0, 2, 1]])
  func vectorsThatDoNotFit(_ vectors: [UInt8]) { #expect(words { $0.vectors = vectors } == "proxy_malformed_vector") }

  private func checked(_ value: [UInt8], family: UInt8 = 0x11) -> ProxyBlockBuilder {
    var block = ProxyBlockBuilder()
    block.family = family
    if family == 0 { block.addresses = [] }
    block.vectors =
      ProxyBlockBuilder.vector(4, [0]) + ProxyBlockBuilder.vector(3, value) + ProxyBlockBuilder.vector(5, [1, 2])
    return block
  }

  @Test(arguments: [UInt8(0x11), 0x00])
  func checksums(_ family: UInt8) {
    let sum = CRC32C.of(checked([0, 0, 0, 0], family: family).bytes)
    let value = (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * $0)) }
    let good = checked(value, family: family).bytes
    let expected = family == 0 ? "no addresses" : "192.0.2.1:56324 to 10.0.0.1:443"
    #expect(ProxyHeaderDecoder.outcome(good) == ProxyOutcome(words: expected, rest: []))
    // One bit wrong in the checksum, in an address or in a vector behind it.
    for index in [good.count - 1, good.count - 6, 16] {
      var bad = good
      bad[index] ^= 1
      #expect(ProxyHeaderDecoder.outcome(bad).words != expected, "\(index)")
    }
    #expect(
      ProxyHeaderDecoder.outcome(checked(value.reversed(), family: family).bytes).words == "proxy_checksum_mismatch")
  }

  /// A header of 35 bytes whose checksum was worked out apart from this code.
  @Test func knownChecksum() {
    #expect(words { $0.vectors = ProxyBlockBuilder.vector(3, [0xA4, 0x54, 0x06, 0x56]) }.hasPrefix("192."))
  }

  @Test(arguments: [[UInt8](), [1, 2, 3], [1, 2, 3, 4, 5]])
  func checksumsThatAreNone(_ value: [UInt8]) {
    #expect(ProxyHeaderDecoder.outcome(checked(value).bytes).words == "proxy_malformed_vector")
  }

  @Test func twoChecksums() {
    #expect(
      words {
        $0.vectors = ProxyBlockBuilder.vector(3, [0, 0, 0, 0]) + ProxyBlockBuilder.vector(3, [0, 0, 0, 0])
      } == "proxy_malformed_vector")
  }
}
