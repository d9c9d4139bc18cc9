/// Remembers for a few seconds which tokens were refused after their signature had been checked, so that a client that
/// tries again and again with a bad one costs no more than a look-up. Fixed size; a newer entry takes an older one's
/// place.
package final class RefusedTokens {
  private struct Entry {
    var digest = TokenDigest.none
    var fault = TokenFault.malformed
    /// Seconds since 1970.
    var end: Int64 = .min
  }

  /// Seconds: short, because what a token lacks may be put right at the provider.
  package static let lifetime: Int64 = 5

  private var entries: [Entry]

  /// - Parameter capacity: a power of two.
  package init(capacity: Int = 1024) {
    entries = Array(repeating: Entry(), count: capacity)
  }

  package func find(_ digest: TokenDigest, now: Int64) -> TokenFault? {
    let place = place(of: digest)
    return entries[place].end > now && entries[place].digest == digest ? entries[place].fault : nil
  }

  /// - Parameter lifetime: seconds.
  package func insert(
    _ digest: TokenDigest, _ fault: TokenFault, now: Int64, lifetime: Int64 = RefusedTokens.lifetime
  ) {
    entries[place(of: digest)] = Entry(digest: digest, fault: fault, end: now + lifetime)
  }

  /// Other keys have come: what did not fit the old ones may fit them.
  package func removeAll() {
    for place in entries.indices { entries[place].end = .min }
  }

  private func place(of digest: TokenDigest) -> Int { digest.spread & (entries.count - 1) }
}
