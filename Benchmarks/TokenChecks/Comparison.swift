internal import JOSE

/// The figures of one algorithm: medians over rounds in which the three ways follow each other. What slows a whole
/// round down does not change its ratio.
struct Comparison {
  static let ratioGoal = 1.15
  static let cachedGoal = 1.5
  /// The algorithms that the goals are about.
  static let goals: [JWSAlgorithm] = [.rs256, .es256, .edDSA]

  static let rounds = 45
  /// Microseconds of CPU that one way should take in a round: long beside the clock, short beside what disturbs.
  private static let length = 5_000.0

  let algorithm: JWSAlgorithm
  let tokenLength: Int
  let bare: Double
  let uncached: Double
  let cached: Double
  let ratio: Double

  init(_ candidate: Candidate) throws(BenchmarkFailure) {
    var repetitions = [Candidate.Way: Int]()
    for way in Candidate.Way.allCases {
      let cost = try candidate.run(way, rounds: 5) * Double(TokenSample.count)
      repetitions[way] = max(1, Int(Self.length / cost))
    }
    var figures = [Candidate.Way: [Double]]()
    for _ in 0..<Self.rounds {
      for (way, count) in repetitions { figures[way, default: []].append(try candidate.run(way, rounds: count)) }
    }
    let (bare, uncached) = (figures[.bare, default: []], figures[.uncached, default: []])
    algorithm = candidate.algorithm
    tokenLength = candidate.length
    self.bare = Self.median(bare)
    self.uncached = Self.median(uncached)
    cached = Self.median(figures[.cached, default: []])
    ratio = Self.median(zip(uncached, bare).map { $0 / $1 })
  }

  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
