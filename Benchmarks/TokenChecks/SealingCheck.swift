internal import JOSE

/// What it costs to seal a payload for a client, and to open it again.
final class SealingCheck {
  enum Way: String, CaseIterable {
    case seal, open
  }

  /// Bytes: the claims of a wrapped access token.
  static let payloadLength = 600

  private static let purpose = SealPurpose("access")
  private static let batch = 8
  private let sealer: Sealer
  private let payload = (0..<payloadLength).map { UInt8(truncatingIfNeeded: $0) }
  private let texts: [[UInt8]]

  init() throws {
    // A key changes now and then: the ring has the one before, too.
    let keys = try ["2026-12", "2026-11"].map { SealingKey(id: $0, secret: try SecureRandom.bytes(32)) }
    let sealer = Sealer(try SealingKeys(keys), context: "corporate")
    let payload = payload
    texts = try (0..<Self.batch).map { _ in
      [UInt8](try sealer.seal(payload, for: Self.purpose, expiry: .max).utf8)
    }
    self.sealer = sealer
  }

  /// Characters of a sealed text.
  var length: Int { texts[0].count }

  /// Microseconds of CPU for each.
  @discardableResult
  func run(_ way: Way, rounds: Int) throws -> Double {
    let begin = ProcessorTime.now
    for _ in 0..<rounds {
      for text in texts where try !works(way, text) { throw BenchmarkFailure("\(way.rawValue) has failed") }
    }
    return (ProcessorTime.now - begin) / Double(rounds * texts.count)
  }

  private func works(_ way: Way, _ text: [UInt8]) throws -> Bool {
    switch way {
    case .seal: return try sealer.seal(payload, for: Self.purpose, expiry: .max).utf8.count == text.count
    case .open:
      guard case .payload(let opened) = text.withUnsafeBytes({ sealer.open($0, for: Self.purpose, now: 0) }) else {
        return false
      }
      return opened.count == payload.count
    }
  }
}
