package import Pipeline

/// Says whether tokens can be checked: 200, or 503 with what is in the way. For the admin listener, and the load
/// balancers that ask it.
package final class ReadinessPage: Stage {
  package let label: StaticString = "readiness"
  private let obstacles: () -> [String]

  /// - Parameter obstacles: what is in the way just now, one line for each.
  package init(_ obstacles: @escaping () -> [String]) { self.obstacles = obstacles }

  package func handle(_ exchange: Exchange) -> Verdict {
    let obstacles = obstacles()
    return AdminReply.read(
      exchange, status: obstacles.isEmpty ? 200 : 503, contentType: "text/plain; charset=utf-8"
    ) {
      obstacles.isEmpty ? [UInt8]("ready\n".utf8) : obstacles.flatMap { [UInt8]("\($0)\n".utf8) }
    }
  }
}
