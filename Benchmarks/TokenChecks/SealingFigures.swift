/// Medians of what sealing and opening cost, over rounds in which the two follow each other.
struct SealingFigures {
  /// Microseconds for a seal.
  static let goal = 5.0

  let length: Int
  let seal: Double
  let open: Double

  init(_ check: SealingCheck) throws {
    var figures = [SealingCheck.Way: [Double]]()
    for way in SealingCheck.Way.allCases { try check.run(way, rounds: 50) }
    for _ in 0..<Comparison.rounds {
      for way in SealingCheck.Way.allCases { figures[way, default: []].append(try check.run(way, rounds: 200)) }
    }
    length = check.length
    seal = Comparison.median(figures[.seal, default: []])
    open = Comparison.median(figures[.open, default: []])
  }
}
