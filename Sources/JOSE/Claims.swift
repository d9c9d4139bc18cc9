internal import Bytes
internal import JSON

/// The registered claims of a token (RFC 7519 §4.1), well-formed but not trusted yet.
struct Claims {
  let members: JSONObject
  let issuer: String
  let subject: String?
  let audience: [String]
  let expiry: Int64
  let notBefore: Int64?
  let issuedAt: Int64?

  init(_ members: JSONObject) throws(TokenFault) {
    self.members = members
    guard let expiry = try Self.date(members, "exp") else { throw .missingExpiry }
    self.expiry = expiry
    notBefore = try Self.date(members, "nbf")
    issuedAt = try Self.date(members, "iat")
    guard let issuer = try Self.text(members, "iss") else { throw .wrongIssuer }
    self.issuer = issuer
    subject = try Self.text(members, "sub")
    audience = try Self.audience(members)
  }

  private static func date(_ members: JSONObject, _ name: String) throws(TokenFault) -> Int64? {
    guard let value = members[name] else { return nil }
    guard let seconds = value.integerValue else { throw .malformedClaims }
    return seconds
  }

  private static func text(_ members: JSONObject, _ name: String) throws(TokenFault) -> String? {
    guard let value = members[name] else { return nil }
    guard let text = value.stringValue else { throw .malformedClaims }
    return text
  }

  private static func audience(_ members: JSONObject) throws(TokenFault) -> [String] {
    guard let value = members["aud"] else { return [] }
    if let one = value.stringValue { return [one] }
    guard let several = value.stringsValue else { throw .malformedClaims }
    return several
  }
}

extension Claims {
  /// The checks that need no key, cheapest refusals first. All boundaries are exact: a token is expired in
  /// the very second `exp` plus the skew names.
  func check(_ policy: TokenPolicy, _ type: TokenType, now: Int64) throws(TokenFault) {
    if Deadline.isPast(expiry, skew: policy.clockSkew, now: now) { throw .expired }
    if let notBefore, Deadline.isAhead(notBefore, skew: policy.clockSkew, now: now) { throw .notYetValid }
    if let issuedAt, Deadline.isAhead(issuedAt, skew: policy.clockSkew, now: now) { throw .issuedInFuture }
    guard issuer.hasSameBytes(as: policy.issuer) else { throw .wrongIssuer }
    guard policy.audiences.isEmpty || policy.audiences.sharesAny(with: audience) else { throw .wrongAudience }
    if isIDToken(type) { throw .notAnAccessToken }
  }

  /// An ID token says so itself (`token_use`, Amazon Cognito) or has claims only OpenID Connect Core §2
  /// defines.
  private func isIDToken(_ type: TokenType) -> Bool {
    if let use = members["token_use"]?.stringValue, use.hasSameBytes(as: "id") { return true }
    return type == .general && (members["nonce"] != nil || members["at_hash"] != nil)
  }

  /// The client the token was issued to, by the first of `names` that is present.
  func client(_ names: [String]) -> String? {
    for name in names {
      if let value = members[name] { return value.stringValue }
    }
    return nil
  }

  /// The granted scopes of all `names` together. A claim of any other shape grants nothing.
  func scopes(_ names: [String]) -> [String] {
    var scopes = [String]()
    for name in names {
      switch members[name] {
      case .string(let text)?: scopes += text.utf8.split(separator: ASCII.space).compactMap { String($0) }
      case let value?: scopes += value.stringsValue ?? []
      case nil: break
      }
    }
    return scopes
  }

  /// RFC 8705 §3.1; one of another length binds to nothing.
  var certificateThumbprint: [UInt8]? {
    guard case .object(let confirmation)? = members["cnf"], let text = confirmation["x5t#S256"]?.stringValue,
      let digest = Base64URL.decode(text: text), digest.count == 32
    else { return nil }
    return digest
  }

  func satisfies(_ rule: ClaimRule) -> Bool {
    guard let value = members[rule.name] else { return false }
    switch rule.match {
    case .equals(let wanted): return value.stringValue?.hasSameBytes(as: wanted) ?? false
    case .contains(let wanted): return value.stringsValue?.sharesAny(with: [wanted]) ?? false
    case .containsAny(let wanted): return value.stringsValue?.sharesAny(with: wanted) ?? false
    }
  }
}

extension [String] {
  /// Whether any string stands, byte for byte, in both.
  func sharesAny(with others: [String]) -> Bool {
    contains { one in others.contains { one.hasSameBytes(as: $0) } }
  }
}
