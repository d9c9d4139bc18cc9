import Bytes
import Net
import Testing

struct ProxyHeaderDecoderTests {
  private static let headers: [[UInt8]] = {
    var unix = ProxyBlockBuilder(family: 0x31, addresses: [UInt8](repeating: 0x61, count: 216))
    unix.vectors = ProxyBlockBuilder.vector(4, [1, 2, 3])
    let local = ProxyBlockBuilder(versionAndCommand: 0x20, family: 0, addresses: [])
    return [
      [UInt8]("PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n".utf8), [UInt8]("PROXY UNKNOWN\r\n".utf8),
      [UInt8]("PROXY TCP6 2001:db8::1 ::1 1 2\r\n".utf8), ProxyBlockBuilder().bytes, unix.bytes, local.bytes,
    ]
  }()

  /// Whatever the network makes of it, the header is the same, and so is what stands behind it.
  @Test(arguments: headers)
  func everySplit(_ header: [UInt8]) {
    let bytes = header + [UInt8]("PROXY is not read twice\r\n".utf8)
    let whole = ProxyHeaderDecoder.outcome(bytes)
    #expect(whole.rest == [UInt8](bytes.dropFirst(header.count)))
    for split in 0...bytes.count {
      #expect(ProxyHeaderDecoder.outcome(bytes, [split]) == whole, "split at \(split)")
    }
    #expect(ProxyHeaderDecoder.outcome(bytes, [Int](repeating: 1, count: bytes.count)) == whole)
  }

  /// Nothing is decided before the header is complete.
  @Test(arguments: headers)
  func everyPrefixIsPartial(_ header: [UInt8]) {
    #expect(ProxyHeaderDecoder.outcome([]).words == "nothing")
    for length in 1..<header.count {
      #expect(ProxyHeaderDecoder.outcome([UInt8](header.prefix(length))).words == "partial", "\(length)")
    }
  }

  @Test func isPartialUntilTheEnd() throws {
    var decoder = ProxyHeaderDecoder()
    #expect(!decoder.isPartial)
    var piece = [UInt8](Self.headers[0].prefix(5))
    #expect(try take(piece, &decoder) == nil)
    #expect(decoder.isPartial)
    piece = [UInt8](Self.headers[0].dropFirst(5))
    #expect(try take(piece, &decoder)?.source == .ip("192.0.2.1", port: 56_324))
    #expect(!decoder.isPartial)
  }

  private func take(_ bytes: [UInt8], _ decoder: inout ProxyHeaderDecoder) throws -> ProxyHeader? {
    try bytes.withUnsafeBytes { bytes in
      var input = ByteView(rebasing: bytes[...])
      defer { #expect(input.isEmpty) }
      return try decoder.next(&input)
    }
  }

  /// Foreign bytes are refused where they begin, not when a buffer is full.
  @Test(arguments: 0..<12)
  func theFirstForeignByteIsRefused(_ position: Int) {
    let block = [UInt8](ProxyBlockBuilder.signature.prefix(position)) + [0x58]
    #expect(ProxyHeaderDecoder.outcome(block).words == "proxy_header_missing")
    guard position < 6 else { return }
    let line = [UInt8]("PROXY ".utf8.prefix(position)) + [0x58, 0x58]
    #expect(ProxyHeaderDecoder.outcome(line).words == "proxy_header_missing")
  }

  /// Hostile bytes, the same in each run: no trap, never more kept than the bound, the same outcome however split.
  @Test func mutations() {
    var random = FixedRandom(state: 0x5EED)
    for _ in 0..<20_000 {
      var bytes = Self.headers[Int(random.next() % UInt64(Self.headers.count))]
      for _ in 0...random.next() % 4 {
        let index = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 4 {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[index] ^= 1 << UInt8(random.next() % 8)
        case 2: bytes.remove(at: index)
        default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
        }
      }
      let filler = Int(random.next() % 6000)
      bytes += [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: filler)
      let whole = ProxyHeaderDecoder.outcome(bytes)
      #expect(whole.words != "partial" || bytes.count < 16 + 4096)
      let split = Int(random.next() % UInt64(bytes.count))
      #expect(ProxyHeaderDecoder.outcome(bytes, [split, 1]) == whole)
    }
  }

  /// Marsaglia's xorshift: good enough to damage headers, and the same in each run.
  private struct FixedRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
