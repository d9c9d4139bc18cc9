internal import Bytes
internal import JSON

/// The registered claims of a token (RFC 7519 §4.1), well-formed but not trusted yet.
struct Claims {
  let members: JSONObject
  let issuer: String?
  let subject: String?
  let audience: [String]
  let expiry: Int64?
  let notBefore: Int64?
  let issuedAt: Int64?

  init(_ members: JSONObject) throws(TokenFault) {
    self.members = members
    expiry = try Self.date(members, "exp")
    notBefore = try Self.date(members, "nbf")
    issuedAt = try Self.date(members, "iat")
    issuer = try Self.text(members, "iss")
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
  /// Whether the token says of itself that it is something else than an access token: `token_use` (Amazon Cognito),
  /// `typ` inside the claims (Keycloak), claims that only ID tokens have (OpenID Connect Core §2, §3.3.2.11), or the
  /// events of logout and security event tokens (RFC 8417 §2.2).
  func isAnotherKind(_ type: TokenType) -> Bool {
    if let use = members["token_use"]?.stringValue { return !use.hasSameBytes(as: "access") }
    if let kind = members["typ"]?.stringValue {
      if kind.hasSameBytes(as: "Bearer") { return false }
      if ["ID", "Refresh", "Offline", "Logout"].contains(where: kind.hasSameBytes(as:)) { return true }
    }
    if members["events"] != nil { return true }
    return type == .general && Self.ofIDTokens.contains { members[$0] != nil }
  }

  private static let ofIDTokens = ["nonce", "at_hash", "c_hash", "s_hash"]

  /// The client the token was issued to, by the first of `names` that is present.
  func client(_ names: [String]) -> String? {
    for name in names {
      if let value = members.claim(name) { return value.stringValue }
    }
    return nil
  }

  /// The granted scopes of all `names` together. A claim of any other shape grants nothing.
  func scopes(_ names: [String]) -> [String] {
    var scopes = [String]()
    for name in names {
      switch members.claim(name) {
      case .string(let text)?: scopes += text.utf8.split(separator: ASCII.space).compactMap { String($0) }
      case let value?: scopes += value.stringsValue ?? []
      case nil: break
      }
    }
    return scopes
  }

  func satisfies(_ rule: ClaimRule) -> Bool {
    switch rule {
    case .claim(let name, let match):
      guard let value = members.claim(name) else { return false }
      return match.holds(of: value.stringsValue, value.stringValue)
    case .anyOf(let rules): return rules.contains(where: satisfies)
    }
  }
}

extension [String] {
  /// Whether any string stands, byte for byte, in both.
  func sharesAny(with others: [String]) -> Bool {
    contains { one in others.contains { one.hasSameBytes(as: $0) } }
  }
}
