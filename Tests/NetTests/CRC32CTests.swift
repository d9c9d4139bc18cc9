import Testing

@testable import Net

struct CRC32CTests {
  /// RFC 3720 appendix B.4, and the check value that catalogues of such codes give.
  private static let values: [([UInt8], UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E),
    ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
    ([UInt8]("123456789".utf8), 0xE306_9283),
    ([], 0),
  ]

  @Test(arguments: values)
  func knownValues(_ bytes: [UInt8], _ value: UInt32) { #expect(CRC32C.of(bytes) == value) }
}
