internal import Bytes
internal import JSON

/// Reads one JSON Web Key (RFC 7517 §4). Only public members are looked at.
enum JWK {
  /// The keys this JWK stands for: one per algorithm it may be used with.
  static func keys(_ jwk: JSONValue) throws(SkippedKey.Reason) -> [PublicKey] {
    guard let members = jwk.objectValue else { throw .notAnObject }
    let kid = try text(members, "kid")
    if let use = try text(members, "use"), !use.hasSameBytes(as: "sig") { throw .otherUse }
    if let operations = members["key_ops"] {
      guard let names = operations.stringsValue else { throw .malformedMember }
      guard names.contains(where: { $0.hasSameBytes(as: "verify") }) else { throw .otherUse }
    }
    let algorithms = try algorithms(members)
    var keys = [PublicKey]()
    for algorithm in algorithms {
      let key = try KeyMaterial.publicKey(algorithm.traits.key, members)
      guard let key = try? PublicKey(adopting: key, kid: kid, algorithm: algorithm) else { throw .invalidKey }
      keys.append(key)
    }
    return keys
  }

  /// An absent member is nil, one that is no string is an error.
  static func text(_ members: JSONObject, _ name: String) throws(SkippedKey.Reason) -> String? {
    guard let value = members[name] else { return nil }
    guard let text = value.stringValue else { throw .malformedMember }
    return text
  }

  private static func algorithms(_ members: JSONObject) throws(SkippedKey.Reason) -> [JWSAlgorithm] {
    guard let kty = try text(members, "kty") else { throw .malformedMember }
    let ofType = JWSAlgorithm.allCases.filter { $0.traits.key.kty.hasSameBytes(as: kty) }
    guard !ofType.isEmpty else { throw .unknownKeyType }
    let crv = try text(members, "crv")
    let ofCurve = ofType.filter { algorithm in
      guard let wanted = algorithm.traits.key.crv else { return true }
      return crv?.hasSameBytes(as: wanted) ?? false
    }
    guard !ofCurve.isEmpty else { throw .unknownCurve }
    guard let alg = try text(members, "alg") else { return ofCurve }
    let named = ofCurve.filter { $0.rawValue.hasSameBytes(as: alg) }
    guard !named.isEmpty else { throw .otherAlgorithm }
    return named
  }
}
