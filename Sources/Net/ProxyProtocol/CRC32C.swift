/// The cyclic redundancy check with Castagnoli's polynomial (RFC 9260 appendix A), bit by bit: it runs once for a
/// connection, over some hundred bytes.
enum CRC32C {
  private static let reversedPolynomial: UInt32 = 0x82F6_3B78

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var remainder = UInt32.max
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 {
        remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ reversedPolynomial
      }
    }
    return ~remainder
  }
}
