/// Recognises DPoP proofs that come again (RFC 9449 §11.1). Two generations: what is older than both is too old to be
/// accepted anyway. Of this process only: replicas do not know each other's.
package final class ProofMemory {
  private struct Fingerprint: Hashable {
    let bytes: [UInt8]
  }

  /// Proofs of a generation; beyond them it ends early, and a proof may be accepted twice.
  package static let mostProofs = 1 << 18

  /// Seconds that a proof can be accepted for.
  private let window: Int64
  private var current: Set<Fingerprint> = []
  private var previous: Set<Fingerprint> = []
  private var began: Int64 = .min

  /// - Parameter window: seconds that a proof can be accepted for.
  package init(window: Int64) { self.window = window }

  /// - Parameter now: seconds since 1970.
  /// - Returns: false when this proof was seen before.
  package func remember(_ proof: DPoPProof, now: Int64) -> Bool {
    remember(fingerprint: proof.fingerprint, now: now)
  }

  func remember(fingerprint: [UInt8], now: Int64) -> Bool {
    if began == .min { began = now }
    if now - began >= window || current.count >= Self.mostProofs {
      previous = now - began >= 2 * window ? [] : current
      current = []
      began = now
    }
    let fingerprint = Fingerprint(bytes: fingerprint)
    guard !previous.contains(fingerprint) else { return false }
    return current.insert(fingerprint).inserted
  }
}
