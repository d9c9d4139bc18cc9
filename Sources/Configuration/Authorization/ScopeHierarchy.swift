/// Scopes that include others.
enum ScopeHierarchy {
  /// Ways that lead back to where they begin, each with its first scope repeated at the end; in a fixed order.
  static func cycles(in included: [String: [String]]) -> [[String]] {
    var cycles: [[String]] = []
    var finished: Set<String> = []
    for start in included.keys.sorted() where !finished.contains(start) {
      // The way from `start` to where the search is, and what is left to look at from each scope on it.
      var way = [start]
      var places = [start: 0]
      var open = [included[start, default: []][...]]
      while var rest = open.popLast() {
        guard let next = rest.popFirst() else {
          let scope = way.removeLast()
          places[scope] = nil
          finished.insert(scope)
          continue
        }
        open.append(rest)
        if let place = places[next] {
          cycles.append(way[place...] + [next])
        } else if let more = included[next], !finished.contains(next) {
          places[next] = way.count
          way.append(next)
          open.append(more[...])
        }
      }
    }
    return cycles
  }
}
