/// Finds the key that a misspelt one was probably meant to be.
enum EditDistance {
  /// The nearest candidate, or nil when none is near. Case and separators do not count, so that
  /// `discoveryUrl` finds `discovery_url`.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let bare = reduced(word)
    let tolerance = max(1, bare.count / 3)
    let ranked = candidates.map { (candidate: $0, distance: between(bare, reduced($0))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= tolerance else {
      return nil
    }
    return best.candidate
  }

  private static func reduced(_ word: String) -> [Character] {
    word.prefix(64).lowercased().filter { $0 != "_" && $0 != "-" }
  }

  /// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
  static func between(_ one: [Character], _ other: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...other.count)
    for row in 0..<one.count {
      var current = [row + 1]
      for column in 0..<other.count {
        let substitution = previous[column] + (one[row] == other[column] ? 0 : 1)
        var best = min(substitution, previous[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
          best = min(best, beforePrevious[column - 1] + 1)
        }
        current.append(best)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[other.count]
  }
}
