internal import JSON

/// One thing that is asked of an access token. The cases stand in the order in which they are asked: what costs least
/// and says least about the configuration comes first.
package enum TokenRequirement: String, CaseIterable, Sendable {
  case algorithm, type, issuer, expiry, notBefore = "not before", issuedAt = "issued at", audience, kind
  case signature
  case confirmation, client, customClaims = "custom claims", scopes

  /// Asked before the signature: forged tokens cost little.
  static let ofEverybody: [TokenRequirement] = [
    .algorithm, .type, .issuer, .expiry, .notBefore, .issuedAt, .audience, .kind,
  ]
  /// Asked when the signature is good: nobody without a key learns what would pass.
  static let ofSigned: [TokenRequirement] = [.confirmation, .client, .customClaims, .scopes]
  /// Asked of what an introspection endpoint says about a token that is no JWT (RFC 7662 §2.2).
  static let ofIntrospected: [TokenRequirement] = [
    .issuer, .expiry, .notBefore, .issuedAt, .audience, .confirmation, .client, .customClaims, .scopes,
  ]
  /// Asked of the claims in a token that the gateway has sealed itself: not the audience, as the seal names the route.
  static let ofSealed: [TokenRequirement] = ofIntrospected.filter { $0 != .audience }
}

extension TokenPolicy {
  /// Asks for one thing; nothing happens when it is there. Boundaries are exact: a token is expired in the very second
  /// that `exp` plus the skew names.
  ///
  /// - Parameters:
  ///   - header: nil for what an introspection endpoint has said.
  func demand(
    _ requirement: TokenRequirement, of claims: Claims, _ header: JOSEHeader?, now: Int64
  ) throws(TokenFault) {
    switch requirement {
    case .algorithm:
      guard let header, algorithms.contains(header.algorithm) else { throw .unsupportedAlgorithm }
    case .type:
      if header?.type == .foreign { throw .notAnAccessToken }
      guard accepts(header?.type) else { throw .wrongTokenType }
    case .issuer:
      guard claims.isIssued(by: issuer) else { throw .wrongIssuer }
    case .expiry:
      guard let expiry = claims.expiry else { throw .missingExpiry }
      if Deadline.isPast(expiry, skew: clockSkew, now: now) { throw .expired }
    case .notBefore:
      if let start = claims.notBefore, Deadline.isAhead(start, skew: clockSkew, now: now) { throw .notYetValid }
    case .issuedAt:
      if let issued = claims.issuedAt, Deadline.isAhead(issued, skew: clockSkew, now: now) { throw .issuedInFuture }
    case .audience:
      guard audiences.isEmpty || claims.isMeant(for: audiences) else { throw .wrongAudience }
    case .kind:
      if claims.isAnother(kind, header?.type ?? .particular) { throw .notAnAccessToken }
    case .signature: break  // Needs keys: see TokenVerifier.
    case .confirmation: _ = try Confirmation(claims)
    case .client:
      guard !clients.isEmpty else { return }
      guard let client = claims.client(clientClaims),
        clients.contains(where: { claims.text.string(client, equals: $0) })
      else { throw .wrongClient }
    case .customClaims:
      for rule in customClaims where !claims.satisfies(rule) { throw .claimMismatch }
    case .scopes:
      guard isSatisfied(by: claims) else { throw .insufficientScope }
    }
  }
}
