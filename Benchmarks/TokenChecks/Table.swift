internal import JOSE

/// The figures as text.
enum Table {
  static let head = """
    token checks: µs of CPU for each token; bare is OpenSSL's verification of the same signature, and nothing else
      \(row(["algorithm", "token bytes", "bare", "uncached", "÷ bare", "cached", "goals"]))
    """

  static func row(_ comparison: Comparison) -> String {
    "  "
      + row([
        comparison.algorithm.rawValue, String(comparison.tokenLength), figure(comparison.bare),
        figure(comparison.uncached), figure(comparison.ratio), figure(comparison.cached), goals(comparison),
      ])
  }

  static var foot: String {
    let names = Comparison.goals.map(\.rawValue).joined(separator: ", ")
    return "  goals, for \(names): uncached at most \(figure(Comparison.ratioGoal)) of bare, cached at most "
      + "\(figure(Comparison.cachedGoal)) µs"
  }

  static func sealing(_ figures: SealingFigures) -> String {
    """

    sealing: µs of CPU for a payload of \(SealingCheck.payloadLength) bytes, which become \(figures.length) characters
      seal \(figure(figures.seal)), open \(figure(figures.open))
      goal: at most \(figure(SealingFigures.goal)) µs for a seal   \(figures.seal <= SealingFigures.goal ? "ok" : "missed")
    """
  }

  private static func goals(_ comparison: Comparison) -> String {
    guard Comparison.goals.contains(comparison.algorithm) else { return "" }
    let uncached = comparison.ratio <= Comparison.ratioGoal ? "ok" : "missed"
    let cached = comparison.cached <= Comparison.cachedGoal ? "ok" : "missed"
    return "uncached \(uncached), cached \(cached)"
  }

  private static func row(_ cells: [String]) -> String {
    zip(cells, [10, 12, 10, 10, 10, 10, 0]).enumerated().map { index, cell in
      let (text, width) = cell
      let space = String(repeating: " ", count: max(0, width - text.count))
      return index == 0 ? text + space : width == 0 ? "   " + text : space + text
    }.joined()
  }

  /// Two decimals.
  private static func figure(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
  }
}
