internal import Bytes
internal import JSON

/// The registered claims of a token (RFC 7519 §4.1), well-formed but not trusted yet. Read in one pass; what is text
/// stays where it stands and is compared there.
struct Claims {
  let text: JSONText
  private(set) var expiry: Int64?
  private(set) var notBefore: Int64?
  private(set) var issuedAt: Int64?
  /// Numbers of values in the text.
  private var issuerAt: Int?
  private(set) var subjectAt: Int?
  private var audienceAt: Int?
  private var confirmationAt: Int?
  /// Claims that tell what else the token may be.
  private var useAt: Int?
  private var kindAt: Int?
  private var hasEvents = false
  private var isLikeIDToken = false

  /// - Parameter text: an object, or there are no claims.
  init(_ text: JSONText) throws(TokenFault) {
    self.text = text
    let nodes = text.nodes
    guard nodes[JSONText.root].kind == .object else { throw .malformedClaims }
    var index = JSONText.root &+ 1
    while index < nodes.count {
      let value = index &+ 1
      if let name = Self.name(index, text) {
        switch name {
        case .iss: issuerAt = try Self.string(value, text)
        case .sub: subjectAt = try Self.string(value, text)
        case .aud: audienceAt = try Self.audience(value, text)
        case .exp: expiry = try Self.date(value, text)
        case .nbf: notBefore = try Self.date(value, text)
        case .iat: issuedAt = try Self.date(value, text)
        case .cnf: confirmationAt = value
        case .tokenUse: useAt = value
        case .typ: kindAt = value
        case .events: hasEvents = true
        case .nonce, .accessTokenHash, .codeHash, .stateHash: isLikeIDToken = true
        }
      }
      index = Int(nodes[value].next)
    }
  }

  /// Claims that have come in another form than a token.
  init(_ members: JSONObject) throws(TokenFault) {
    guard let text = try? JSONText(JSONValue.object(members).serialized()) else { throw .malformedClaims }
    try self.init(text)
  }

  private static func name(_ index: Int, _ text: JSONText) -> ClaimName? {
    let node = text.nodes[index]
    guard node.kind == .string else { return text.withString(index) { ClaimName($0) } ?? nil }
    guard node.length <= ClaimName.longest else { return nil }
    return text.bytes.withUnsafeBytes { ClaimName($0.slice(Int(node.start), node.length)) }
  }

  private static func date(_ value: Int, _ text: JSONText) throws(TokenFault) -> Int64 {
    guard let seconds = text.integer(value) else { throw .malformedClaims }
    return seconds
  }

  private static func string(_ value: Int, _ text: JSONText) throws(TokenFault) -> Int {
    guard text.nodes[value].isString else { throw .malformedClaims }
    return value
  }

  private static func audience(_ value: Int, _ text: JSONText) throws(TokenFault) -> Int {
    guard text.nodes[value].isString || text.isStrings(value) else { throw .malformedClaims }
    return value
  }
}

extension Claims {
  var issuer: String? { issuerAt.flatMap(text.string) }

  var audience: [String] { audienceAt.flatMap { text.string($0).map { [$0] } ?? text.strings($0) } ?? [] }

  var confirmation: JSONValue? { confirmationAt.map(text.value) }

  /// The claim of that name, or that the name leads to, see ``JSON/JSONText/claim(_:)``.
  func value(_ name: String) -> JSONValue? { text.claim(name).map(text.value) }

  func isIssued(by issuer: String) -> Bool { issuerAt.map { text.string($0, equals: issuer) } ?? false }

  /// Whether one of `audiences` is one of the token's.
  func isMeant(for audiences: [String]) -> Bool {
    guard let audienceAt else { return false }
    return audiences.contains { text.string(audienceAt, equals: $0) || hasElement($0, audienceAt) }
  }

  /// Whether the token says of itself that it is something else than what is meant: `token_use` (Amazon Cognito), `typ`
  /// inside the claims (Keycloak), claims that only ID tokens have (OpenID Connect Core §2, §3.3.2.11), or the events of
  /// logout and security event tokens (RFC 8417 §2.2).
  func isAnother(_ wanted: TokenPolicy.Kind, _ type: TokenType) -> Bool {
    let isAccessToken = wanted == .accessToken
    if let useAt, text.nodes[useAt].isString { return !text.string(useAt, equals: isAccessToken ? "access" : "id") }
    if let kindAt {
      if text.string(kindAt, equals: isAccessToken ? "Bearer" : "ID") { return false }
      let others = ["Refresh", "Offline", "Logout", isAccessToken ? "ID" : "Bearer"]
      if others.contains(where: { text.string(kindAt, equals: $0) }) { return true }
    }
    return hasEvents || (isAccessToken && type == .general && isLikeIDToken)
  }

  /// The client the token was issued to, by the first of `names` that is present.
  func client(_ names: [String]) -> Int? {
    for name in names {
      if let value = text.claim(name) { return text.nodes[value].isString ? value : nil }
    }
    return nil
  }

  /// Whether something holds for one of the granted scopes of all `names` together. A claim of any other shape grants
  /// nothing.
  func anyScope(_ names: [String], _ holds: (ByteView) -> Bool) -> Bool {
    for name in names {
      guard let value = text.claim(name) else { continue }
      if let found = text.withString(value, { Self.anyWord(of: $0, holds) }) {
        if found { return true }
      } else if text.isStrings(value) {
        for element in text.elements(value) where text.withString(element, holds) == true { return true }
      }
    }
    return false
  }

  func scopes(_ names: [String]) -> [String] {
    var scopes: [String] = []
    _ = anyScope(names) { scope in
      scopes.append(scope.text)
      return false
    }
    return scopes
  }

  /// Words are separated by single or several spaces (RFC 6749 §3.3).
  private static func anyWord(of text: ByteView, _ holds: (ByteView) -> Bool) -> Bool {
    var start = 0
    while start < text.count {
      let rest = text.from(start)
      let length = rest.position(of: ASCII.space) ?? rest.count
      if length > 0, holds(rest.slice(0, length)) { return true }
      start &+= length &+ 1
    }
    return false
  }

  func satisfies(_ rule: ClaimRule) -> Bool {
    switch rule {
    case .claim(let name, let match):
      guard let value = text.claim(name) else { return false }
      switch match {
      case .equals(let wanted): return text.string(value, equals: wanted)
      case .equalsAny(let wanted): return wanted.contains { text.string(value, equals: $0) }
      case .contains(let wanted): return hasElement(wanted, value)
      case .containsAny(let wanted): return wanted.contains { hasElement($0, value) }
      }
    case .anyOf(let rules): return rules.contains(where: satisfies)
    }
  }

  /// Whether a value is an array of strings with this one among them.
  private func hasElement(_ wanted: String, _ value: Int) -> Bool {
    text.isStrings(value) && text.elements(value).contains { text.string($0, equals: wanted) }
  }
}
