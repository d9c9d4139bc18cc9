package import JSON

/// The proof that a token passed every check. Only ``TokenVerifier`` can make one.
package final class VerifiedToken: Sendable {
  package let issuer: String
  package let subject: String?
  package let client: String?
  package let audience: [String]
  package let scopes: [String]
  /// `exp`, seconds since 1970; clock skew not included.
  package let expiry: Int64
  /// Seconds since 1970 at which the verdict ends: with the token, clock skew included, or before.
  package let verdictEnd: Int64
  package let issuedAt: Int64?
  package let claims: JSONValue
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

  /// - Parameter end: seconds since 1970 at which the verdict ends at the latest.
  init(
    _ claims: Claims, _ grant: Grant, _ policy: TokenPolicy, keyThumbprint: [UInt8]? = nil, endsBy end: Int64 = .max,
    isSealed: Bool = false
  ) throws(TokenFault) {
    guard let expiry = claims.expiry, let issuer = claims.issuer else { throw .malformedClaims }
    let confirmation = try Confirmation(claims)
    self.issuer = issuer
    subject = claims.subject
    client = grant.client
    audience = claims.audience
    scopes = grant.scopes
    self.expiry = expiry
    verdictEnd = min(expiry.saturatingAdding(policy.clockSkew), end)
    issuedAt = claims.issuedAt
    self.claims = .object(claims.members)
    self.keyThumbprint = keyThumbprint
    self.isSealed = isSealed
    certificateThumbprint = confirmation.certificate
    proofKeyThumbprint = confirmation.proofKey
    issuerBytes = FieldText.encode(issuer)
    subjectBytes = FieldText.encode(claims.subject ?? "")
    clientBytes = FieldText.encode(grant.client ?? "")
    scopeBytes = FieldText.encode(words: grant.scopes)
  }
}
