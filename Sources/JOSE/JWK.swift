internal import Bytes
package import JSON

/// Reads one JSON Web Key (RFC 7517 §4). Only public members are looked at.
package enum JWK {
  /// The members of RFC 7518 §6.2.2, §6.3.2, §6.4.1 and RFC 8037 §2 that only the owner of a key may know.
  private static let secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

  /// The key of a JWK that came inside a message, such as the proof of RFC 9449 §4.2, for one algorithm.
  ///
  /// - Throws: ``SkippedKey/Reason/secretMember`` when the sender shows a private key (RFC 9449 §4.3).
  package static func publicKey(
    embedded members: JSONObject, algorithm: JWSAlgorithm
  ) throws(SkippedKey.Reason) -> PublicKey {
    for name in secretMembers where members[name] != nil { throw .secretMember }
    let kid = try text(members, "kid")
    try checkUse(members)
    guard try algorithms(members).contains(algorithm) else { throw .otherAlgorithm }
    return PublicKey(try KeyMaterial.read(algorithm.traits.key, members), kid: kid, algorithm: algorithm)
  }

  /// The keys this JWK of a set stands for: one per algorithm it may be used with.
  static func keys(_ jwk: JSONValue) throws(SkippedKey.Reason) -> [PublicKey] {
    guard let members = jwk.objectValue else { throw .notAnObject }
    let kid = try text(members, "kid")
    try checkUse(members)
    // A certificate in place of the numbers, which RFC 7517 §4.7 does not allow.
    if members["x5c"] != nil, members["n"] == nil, members["x"] == nil { throw .certificateOnly }
    let algorithms = try algorithms(members)
    guard let kind = algorithms.first?.traits.key else { throw .otherAlgorithm }
    let material = try KeyMaterial.read(kind, members)
    return algorithms.map { PublicKey(material, kid: kid, algorithm: $0) }
  }

  /// An absent member is nil, one that is no string is an error.
  static func text(_ members: JSONObject, _ name: String) throws(SkippedKey.Reason) -> String? {
    guard let value = members[name] else { return nil }
    guard let text = value.stringValue else { throw .malformedMember }
    return text
  }

  /// RFC 7517 §4.2 and §4.3.
  private static func checkUse(_ members: JSONObject) throws(SkippedKey.Reason) {
    if let use = try text(members, "use"), !use.hasSameBytes(as: "sig") { throw .otherUse }
    guard let operations = members["key_ops"] else { return }
    guard let names = operations.stringsValue else { throw .malformedMember }
    guard names.contains(where: { $0.hasSameBytes(as: "verify") }) else { throw .otherUse }
  }

  /// Never empty; all of one kind of key.
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
    guard let named = JWSAlgorithm(name: alg), ofCurve.contains(named) else { throw .otherAlgorithm }
    return [named]
  }
}
