/// Numbers as the text protocols write them.
public enum Decimal {
  /// Lends the digits of a number; what is below zero counts as zero.
  public static func with<Result>(_ value: Int, _ body: (ByteView) -> Result) -> Result {
    var value = UInt(bitPattern: max(0, value))
    return withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var index = 20
      repeat {
        index -= 1
        digits[index] = UInt8(truncatingIfNeeded: value % 10) + 0x30
        value /= 10
      } while value > 0
      return body(ByteView(rebasing: digits[index...]))
    }
  }
}
