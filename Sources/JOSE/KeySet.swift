package import JSON

/// The usable keys of a JSON Web Key Set (RFC 7517 §5): immutable, replaced as a whole.
package final class KeySet {
  static let mostKeys = 256

  /// How many keys are tried for a token that names none: each try costs a signature check.
  static let mostCandidates = 4

  /// Grouped by algorithm.
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
        for key in try JWK.keys(element) {
          if Self.contains(keys, key) { throw SkippedKey.Reason.duplicate }
          keys.append(key)
        }
      } catch {
        skipped.append(SkippedKey(index: index, kid: element["kid"]?.stringValue, reason: error))
      }
    }
    self.keys = JWSAlgorithm.allCases.flatMap { algorithm in keys.filter { $0.algorithm == algorithm } }
    self.skipped = skipped
  }

  package convenience init(parsing text: [UInt8]) throws(KeySetError) {
    let document: JSONValue
    do { document = try JSONValue.parse(text) } catch { throw .notJSON(error) }
    try self.init(jwks: document)
  }

  /// The keys to try: the one with exactly that `kid` when the token names one, else the first few of the
  /// algorithm.
  package func candidates(kid: String?, algorithm: JWSAlgorithm) -> ArraySlice<PublicKey> {
    guard let kid else {
      let start = keys.firstIndex { $0.algorithm == algorithm } ?? keys.endIndex
      return keys[start...].prefix(Self.mostCandidates).prefix { $0.algorithm == algorithm }
    }
    let index = keys.firstIndex { $0.algorithm == algorithm && ($0.kid?.hasSameBytes(as: kid) ?? false) }
    return index.map { keys[$0...$0] } ?? []
  }

  /// Keys without an ID cannot be told apart by name and are all kept.
  private static func contains(_ keys: [PublicKey], _ key: PublicKey) -> Bool {
    guard let kid = key.kid else { return false }
    return keys.contains { $0.algorithm == key.algorithm && ($0.kid?.hasSameBytes(as: kid) ?? false) }
  }
}
