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
  package let issuedAt: Int64?
  package let claims: JSONValue
  /// SHA-256 of the client certificate that the token is bound to (`cnf`, `x5t#S256`; RFC 8705 §3.1).
  package let certificateThumbprint: [UInt8]?

  /// The claims as field values, see ``FieldText``. Empty when the token has no such claim.
  package let issuerBytes: [UInt8]
  package let subjectBytes: [UInt8]
  package let clientBytes: [UInt8]
  /// Separated by single spaces.
  package let scopeBytes: [UInt8]

  init(_ claims: Claims, client: String?, scopes: [String]) {
    issuer = claims.issuer
    subject = claims.subject
    self.client = client
    audience = claims.audience
    self.scopes = scopes
    expiry = claims.expiry
    issuedAt = claims.issuedAt
    self.claims = .object(claims.members)
    certificateThumbprint = claims.certificateThumbprint
    issuerBytes = FieldText.encode(claims.issuer)
    subjectBytes = FieldText.encode(claims.subject ?? "")
    clientBytes = FieldText.encode(client ?? "")
    scopeBytes = FieldText.encode(words: scopes)
  }
}
