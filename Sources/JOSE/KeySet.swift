package import Bytes
package import JSON

/// The usable keys of a JSON Web Key Set (RFC 7517 §5): immutable, replaced as a whole.
package final class KeySet {
  static let mostKeys = 256

  /// How many keys are tried for one token: each try costs a signature check.
  static let mostCandidates = 4

  /// Grouped by algorithm, then by key ID; those without one come first.
  package let keys: [PublicKey]
  package let skipped: [SkippedKey]

  /// Leaves out every key that is unusable and records it in ``skipped``.
  package init(jwks: JSONValue) throws(KeySetError) {
    guard let elements = jwks["keys"]?.arrayValue else { throw .notAKeySet }
    guard elements.count <= Self.mostKeys else { throw .tooManyKeys }
    var keys = [PublicKey]()
    var skipped = [SkippedKey]()
    for (index, element) in elements.enumerated() {
      do throws(SkippedKey.Reason) {
        let new = try JWK.keys(element).filter { !Self.contains(keys, $0) }
        guard !new.isEmpty else { throw SkippedKey.Reason.duplicate }
        keys += new
      } catch {
        skipped.append(SkippedKey(index: index, kid: element["kid"]?.stringValue, reason: error))
      }
    }
    self.keys = JWSAlgorithm.allCases.flatMap { algorithm in
      Self.grouped(keys.filter { $0.algorithm == algorithm })
    }
    self.skipped = skipped
  }

  package convenience init(parsing text: [UInt8]) throws(KeySetError) {
    let document: JSONValue
    do { document = try JSONValue.parse(text) } catch { throw .notJSON(error) }
    try self.init(jwks: document)
  }

  /// How many keys were left out for each reason that occurred, in the order of the reasons.
  package var skippedCounts: [(reason: SkippedKey.Reason, count: Int)] {
    SkippedKey.Reason.allCases.compactMap { reason in
      let count = skipped.count { $0.reason == reason }
      return count > 0 ? (reason, count) : nil
    }
  }

  /// The keys to try, a few at most: those with exactly that `kid` when the token names one, else the first
  /// of the algorithm. A token that names a key is never tried with another one, nor with one without a name.
  package func candidates(kid: String?, algorithm: JWSAlgorithm) -> ArraySlice<PublicKey> {
    let start = keys.firstIndex { $0.algorithm == algorithm && (kid == nil || Self.isEqual($0.kid, kid)) }
    guard let start else { return [] }
    return keys[start...].prefix(Self.mostCandidates).prefix {
      $0.algorithm == algorithm && (kid == nil || Self.isEqual($0.kid, kid))
    }
  }

  /// Keys of one algorithm, with those of one key ID side by side.
  private static func grouped(_ keys: [PublicKey]) -> [PublicKey] {
    var groups = [keys.filter { $0.kid == nil }]
    for key in keys where key.kid != nil {
      if let index = groups.firstIndex(where: { isEqual($0.first?.kid, key.kid) }) {
        groups[index].append(key)
      } else {
        groups.append([key])
      }
    }
    return groups.flatMap { $0 }
  }

  private static func contains(_ keys: [PublicKey], _ key: PublicKey) -> Bool {
    keys.contains {
      $0.algorithm == key.algorithm && isEqual($0.kid, key.kid) && $0.thumbprint == key.thumbprint
    }
  }

  private static func isEqual(_ one: String?, _ other: String?) -> Bool {
    guard let one, let other else { return one == nil && other == nil }
    return one.hasSameBytes(as: other)
  }
}

extension KeySet {
  /// Whether the key of that thumbprint is among the usable ones.
  package func contains(thumbprint: [UInt8]) -> Bool { keys.contains { $0.thumbprint == thumbprint } }

  /// Checks the signature of a JWS in compact serialization, whatever it says: not what tokens are accepted
  /// by, see ``TokenVerifier``.
  ///
  /// - Returns: the payload.
  /// - Throws: ``TokenFault/unknownKey`` when no key fits the header, ``TokenFault/badSignature``, or what is
  ///   wrong with the shape or the header.
  package func verify(_ token: ByteView) throws(TokenFault) -> [UInt8] {
    let parts = try CompactJWS(token)
    let candidates = candidates(kid: parts.header.kid, algorithm: parts.header.algorithm)
    guard !candidates.isEmpty else { throw .unknownKey }
    guard parts.signer(of: token, among: candidates) != nil else { throw .badSignature }
    return parts.payload
  }
}
