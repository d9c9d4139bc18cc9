/// `workers`: how many processes serve.
package enum WorkerCount: Equatable, Sendable {
  case fixed(Int)
  /// One for each processor that the process may run on.
  case auto

  /// More of them than any machine has processors for.
  package static let most = 256

  /// - Parameter processors: that this process may run on.
  package func number(processors: Int) -> Int {
    switch self {
    case .fixed(let number): number
    case .auto: min(max(1, processors), Self.most)
    }
  }

  var text: String {
    switch self {
    case .fixed(let number): "\(number)"
    case .auto: "auto"
    }
  }
}

extension ScalarFormat where Value == WorkerCount {
  static var workers: Self {
    let range = 1...WorkerCount.most
    return Self(expected: "auto or a whole number from 1 to \(WorkerCount.most)", example: "auto") { text in
      if text == "auto" { return .auto }
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return Int(text).flatMap { range.contains($0) ? .fixed($0) : nil }
    }
  }
}
