internal import JSON

/// The parts of a JOSE header (RFC 7515 §4) that take part in a decision. Keys and links to keys inside a
/// header (`jwk`, `jku`, `x5c`, `x5u`) are never followed: a token does not say how to trust itself.
final class JOSEHeader {
  /// All of it. Only who checks a proof of possession has a use for `jwk` (RFC 9449 §4.2).
  let members: JSONObject
  let algorithm: JWSAlgorithm
  let kid: String?
  /// `typ` as it is written.
  let typ: String?
  let type: TokenType

  init(_ members: JSONObject) throws(TokenFault) {
    guard let alg = try Self.text(members, "alg") else { throw .malformedHeader }
    guard let algorithm = JWSAlgorithm(name: alg) else { throw .unsupportedAlgorithm }
    for extensionName in ["crit", "zip", "b64"] where members[extensionName] != nil {
      throw .unsupportedHeader
    }
    self.members = members
    self.algorithm = algorithm
    kid = try Self.text(members, "kid")
    typ = try Self.text(members, "typ")
    type = TokenType(typ)
  }

  /// RFC 9449 §4.2.
  var isDPoPProof: Bool { typ?.lowercased() == "dpop+jwt" }

  private static func text(_ members: JSONObject, _ name: String) throws(TokenFault) -> String? {
    guard let value = members[name] else { return nil }
    guard let text = value.stringValue else { throw .malformedHeader }
    return text
  }
}
