internal import Bytes
internal import JSON

/// The registered claims of a token (RFC 7519 §4.1), well-formed but not trusted yet. Read in one pass.
struct Claims {
  let members: JSONObject
  private(set) var issuer: String?
  private(set) var subject: String?
  private(set) var audience: [String] = []
  private(set) var expiry: Int64?
  private(set) var notBefore: Int64?
  private(set) var issuedAt: Int64?
  private(set) var confirmation: JSONValue?
  /// Claims that tell what else the token may be.
  private var use: JSONValue?
  private var kind: JSONValue?
  private var hasEvents = false
  private var isLikeIDToken = false

  init(_ members: JSONObject) throws(TokenFault) {
    self.members = members
    let all = members.members
    for index in all.indices {
      guard let name = ClaimName(all[index].name) else { continue }
      let value = all[index].value
      switch name {
      case .iss: issuer = try Self.text(value)
      case .sub: subject = try Self.text(value)
      case .aud: audience = try Self.audience(value)
      case .exp: expiry = try Self.date(value)
      case .nbf: notBefore = try Self.date(value)
      case .iat: issuedAt = try Self.date(value)
      case .cnf: confirmation = value
      case .tokenUse: use = value
      case .typ: kind = value
      case .events: hasEvents = true
      case .nonce, .accessTokenHash, .codeHash, .stateHash: isLikeIDToken = true
      }
    }
  }

  private static func date(_ value: JSONValue) throws(TokenFault) -> Int64 {
    guard let seconds = value.integerValue else { throw .malformedClaims }
    return seconds
  }

  private static func text(_ value: JSONValue) throws(TokenFault) -> String {
    guard let text = value.stringValue else { throw .malformedClaims }
    return text
  }

  private static func audience(_ value: JSONValue) throws(TokenFault) -> [String] {
    if let one = value.stringValue { return [one] }
    guard let several = value.stringsValue else { throw .malformedClaims }
    return several
  }
}

extension Claims {
  /// Whether the token says of itself that it is something else than what is meant: `token_use` (Amazon Cognito), `typ`
  /// inside the claims (Keycloak), claims that only ID tokens have (OpenID Connect Core §2, §3.3.2.11), or the events of
  /// logout and security event tokens (RFC 8417 §2.2).
  func isAnother(_ wanted: TokenPolicy.Kind, _ type: TokenType) -> Bool {
    let isAccessToken = wanted == .accessToken
    if let use = use?.stringValue { return !use.hasSameBytes(as: isAccessToken ? "access" : "id") }
    if let kind = kind?.stringValue {
      if kind.hasSameBytes(as: isAccessToken ? "Bearer" : "ID") { return false }
      let others = ["Refresh", "Offline", "Logout", isAccessToken ? "ID" : "Bearer"]
      if others.contains(where: kind.hasSameBytes(as:)) { return true }
    }
    return hasEvents || (isAccessToken && type == .general && isLikeIDToken)
  }

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
      case .string(var text)?: text.withUTF8 { Self.append(words: ByteView($0), to: &scopes) }
      case let value?: scopes += value.stringsValue ?? []
      case nil: break
      }
    }
    return scopes
  }

  /// Words are separated by single or several spaces (RFC 6749 §3.3).
  private static func append(words text: ByteView, to scopes: inout [String]) {
    var start = 0
    for end in 0...text.count where end == text.count || text[end] == ASCII.space {
      if end > start { scopes.append(text.slice(start, end - start).text) }
      start = end + 1
    }
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
