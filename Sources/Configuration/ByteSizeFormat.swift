/// Sizes in memory and on the wire: plain bytes, or with a binary unit.
enum ByteSizeFormat {
  /// In bytes, largest first.
  private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

  static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits) else { return nil }
    guard digits.count < text.count else { return count }
    guard let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) }) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.1)
    return overflow ? nil : bytes
  }

  /// With the largest unit that divides it: `8KiB`, `4MiB`, `1000`.
  static func text(_ bytes: Int) -> String {
    for (unit, length) in units where bytes % length == 0 && bytes > 0 { return "\(bytes / length)\(unit)" }
    return "\(bytes)"
  }
}

extension ScalarFormat where Value == Int {
  /// In bytes.
  static func byteSize(_ range: ClosedRange<Int>) -> Self {
    let bounds = "\(ByteSizeFormat.text(range.lowerBound)) to \(ByteSizeFormat.text(range.upperBound))"
    return Self(expected: "a size from \(bounds)", example: "4096, 8KiB or 4MiB") { text in
      ByteSizeFormat.parse(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}
