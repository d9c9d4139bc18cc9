internal import JSON

/// What a token has and what was wanted of it, in words for operators: the whole reason, of which the client gets only
/// the kind. Bounded in length; holds what the token says, which may be anybody's.
package struct TokenEvidence: Equatable, Sendable {
  package let found: String
  package let wanted: String

  /// Bytes of each of the two texts.
  private static let longest = 300

  package init(_ found: String, wanted: String) {
    self.found = Self.bounded(found)
    self.wanted = Self.bounded(wanted)
  }

  private static func bounded(_ text: String) -> String {
    text.utf8.count <= longest ? text : String(text.unicodeScalars.prefix(longest / 4)) + "…"
  }

  /// On one line, for logs.
  package var line: String { "found \(found); wanted \(wanted)" }

  package static func list(_ texts: [String]) -> String {
    texts.isEmpty ? "(none)" : texts.joined(separator: ", ")
  }
}

extension TokenPolicy {
  /// What decides about a requirement: the token's side and the policy's.
  ///
  /// - Parameter now: seconds since 1970.
  func evidence(_ requirement: TokenRequirement, of claims: Claims, _ header: JOSEHeader?, now: Int64) -> TokenEvidence
  {
    func seconds(_ name: String, _ time: Int64?) -> String {
      guard let time else { return "no \(name)" }
      let (distance, overflowed) = time.subtractingReportingOverflow(now)
      guard !overflowed, distance != .min else { return "\(name) \(time)" }
      return "\(name) \(time), " + (distance < 0 ? "\(-distance) s ago" : "in \(distance) s")
    }
    let skew = "give or take \(clockSkew) s"
    switch requirement {
    case .algorithm:
      return TokenEvidence(
        header.map { "alg \($0.algorithm.rawValue)" } ?? "none", wanted: Self.names(of: algorithms))
    case .type:
      return TokenEvidence(
        "typ \(header?.typ ?? "(none)")", wanted: type == .any ? "anything but another kind of token" : "at+jwt")
    case .issuer: return TokenEvidence("iss \(claims.issuer ?? "(none)")", wanted: issuer)
    case .expiry: return TokenEvidence(seconds("exp", claims.expiry), wanted: "ahead, \(skew)")
    case .notBefore: return TokenEvidence(seconds("nbf", claims.notBefore), wanted: "past or absent, \(skew)")
    case .issuedAt: return TokenEvidence(seconds("iat", claims.issuedAt), wanted: "past or absent, \(skew)")
    case .audience:
      return TokenEvidence(
        "aud \(TokenEvidence.list(claims.audience))",
        wanted: audiences.isEmpty ? "anything" : TokenEvidence.list(audiences))
    case .kind:
      let names = ["token_use", "typ", "events", "nonce", "at_hash", "c_hash", "s_hash"]
      let present = names.filter { claims.text.member($0) != nil }
      return TokenEvidence(
        present.isEmpty ? "no sign of another kind" : "claims \(TokenEvidence.list(present))",
        wanted: kind == .accessToken ? "an access token" : "an ID token")
    case .signature:
      return TokenEvidence("kid \(header?.kid ?? "(none)")", wanted: "a key of the issuer")
    case .confirmation:
      return TokenEvidence(
        claims.confirmation.map { "cnf \(Self.text($0))" } ?? "no cnf", wanted: "none, x5t#S256 or jkt")
    case .client:
      let name = clientClaims.first { claims.text.claim($0) != nil }
      let found = name.map { "\($0) \(Self.text(claims.value($0)))" }
      return TokenEvidence(
        found ?? "none of \(TokenEvidence.list(clientClaims))",
        wanted: clients.isEmpty ? "anybody" : TokenEvidence.list(clients))
    case .customClaims:
      guard let rule = customClaims.first(where: { !claims.satisfies($0) }) else {
        return TokenEvidence("all of them", wanted: TokenEvidence.list(customClaims.map(\.words)))
      }
      let found = rule.names.map { "\($0) \(Self.text(claims.value($0)))" }
      return TokenEvidence(TokenEvidence.list(found), wanted: rule.words)
    case .scopes:
      let wanted =
        scopes.isEmpty ? "anything" : "\(scopeMatch == .any ? "one" : "all") of \(TokenEvidence.list(scopes))"
      return TokenEvidence(TokenEvidence.list(claims.scopes(scopeClaims)), wanted: wanted)
    }
  }

  /// Which of ``customClaims`` does not hold.
  func indexOfFailingRule(_ claims: Claims) -> Int? {
    customClaims.firstIndex { !claims.satisfies($0) }
  }

  static func names(of algorithms: [JWSAlgorithm]) -> String {
    TokenEvidence.list(algorithms.map(\.rawValue))
  }

  private static func text(_ value: JSONValue?) -> String {
    guard let value else { return "(absent)" }
    return value.stringValue ?? String(decoding: value.serialized(), as: UTF8.self)
  }
}

extension TokenFault {
  /// What was being asked when it came up; nil when the form of the token was at fault.
  package var requirement: TokenRequirement? {
    switch self {
    case .tooLong, .opaque, .encrypted, .malformed, .malformedHeader, .malformedClaims, .unsupportedHeader, .inactive:
      nil
    case .unsupportedAlgorithm: .algorithm
    case .wrongTokenType: .type
    case .notAnAccessToken: .kind
    case .missingExpiry, .expired: .expiry
    case .notYetValid: .notBefore
    case .issuedInFuture: .issuedAt
    case .wrongIssuer: .issuer
    case .wrongAudience: .audience
    case .unknownKey, .badSignature: .signature
    case .unsupportedConfirmation, .notBoundToCertificate, .proofRequired, .notBoundToKey: .confirmation
    case .wrongClient: .client
    case .claimMismatch: .customClaims
    case .insufficientScope: .scopes
    }
  }
}
