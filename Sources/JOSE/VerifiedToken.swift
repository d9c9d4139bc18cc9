package import JSON

/// The proof that a token passed every check. Only ``TokenVerifier`` can make one.
package final class VerifiedToken: Sendable {
  package let issuer: String
  /// `exp`, seconds since 1970; clock skew not included.
  package let expiry: Int64
  /// Seconds since 1970 at which the verdict ends: with the token, clock skew included, or before.
  package let verdictEnd: Int64
  package let issuedAt: Int64?
  /// All of them, where the verifier keeps them.
  package let claims: JSONObject?
  /// The key that has signed it, see ``PublicKey/thumbprint``; nil for a token that the issuer was asked about, and for
  /// one that was sealed here.
  package let keyThumbprint: [UInt8]?
  /// Whether the gateway has sealed it: the verdict ends with the key that opened it.
  package let isSealed: Bool
  /// SHA-256 of the client certificate that the token is bound to (`cnf`, `x5t#S256`; RFC 8705 §3.1).
  package let certificateThumbprint: [UInt8]?
  /// Thumbprint of the key whose proofs must come with the token (`cnf`, `jkt`; RFC 9449 §6.1).
  package let proofKeyThumbprint: [UInt8]?

  /// The claims as field values, see ``FieldText``. Empty when the token has no such claim.
  package let issuerBytes: [UInt8]
  package let subjectBytes: [UInt8]
  package let clientBytes: [UInt8]
  /// Separated by single spaces.
  package let scopeBytes: [UInt8]

  /// - Parameters:
  ///   - claims: that name the issuer of the verifier's policy.
  ///   - end: seconds since 1970 at which the verdict ends at the latest.
  init(
    _ claims: Claims, _ verifier: TokenVerifier, keyThumbprint: [UInt8]? = nil, endsBy end: Int64 = .max,
    isSealed: Bool = false
  ) throws(TokenFault) {
    let policy = verifier.policy
    guard let expiry = claims.expiry, claims.isIssued(by: policy.issuer) else { throw .malformedClaims }
    let confirmation = try Confirmation(claims)
    issuer = policy.issuer
    self.expiry = expiry
    verdictEnd = min(expiry.saturatingAdding(policy.clockSkew), end)
    issuedAt = claims.issuedAt
    self.claims = verifier.keepsClaims ? claims.text.value().objectValue : nil
    self.keyThumbprint = keyThumbprint
    self.isSealed = isSealed
    certificateThumbprint = confirmation.certificate
    proofKeyThumbprint = confirmation.proofKey
    issuerBytes = verifier.issuerBytes
    subjectBytes = Self.field(claims.subjectAt, claims)
    clientBytes = Self.field(claims.client(policy.clientClaims), claims)
    scopeBytes = Self.scopes(claims, policy)
  }

  private static func field(_ index: Int?, _ claims: Claims) -> [UInt8] {
    index.flatMap { claims.text.withString($0) { FieldText.encode($0) } } ?? []
  }

  private static func scopes(_ claims: Claims, _ policy: TokenPolicy) -> [UInt8] {
    var field = [UInt8]()
    _ = claims.anyScope(policy.scopeClaims) { scope in
      if field.isEmpty { field.reserveCapacity(64) }
      FieldText.append(word: scope, to: &field)
      return false
    }
    return field
  }
}
