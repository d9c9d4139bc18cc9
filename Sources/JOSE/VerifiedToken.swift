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

  /// As a field value, see ``FieldText``.
  package let issuerBytes: [UInt8]
  /// Subject, client and scopes as field values, one behind the other: one allocation for each token that is remembered.
  private let fields: [UInt8]
  private let subjectEnd: Int
  private let clientEnd: Int

  /// - Parameters:
  ///   - claims: that name the issuer of the verifier's policy.
  ///   - end: seconds since 1970 at which the verdict ends at the latest.
  init(
    _ claims: Claims, _ verifier: TokenVerifier, keyThumbprint: [UInt8]? = nil, endsBy end: Int64 = .max,
    isSealed: Bool = false
  ) throws(TokenFault) {
    guard let expiry = claims.expiry, claims.isIssued(by: verifier.policy.issuer) else { throw .malformedClaims }
    let confirmation = try Confirmation(claims)
    issuer = verifier.policy.issuer
    self.expiry = expiry
    verdictEnd = min(expiry.saturatingAdding(verifier.policy.clockSkew), end)
    issuedAt = claims.issuedAt
    self.claims = verifier.keepsClaims ? claims.text.value().objectValue : nil
    self.keyThumbprint = keyThumbprint
    self.isSealed = isSealed
    certificateThumbprint = confirmation.certificate
    proofKeyThumbprint = confirmation.proofKey
    issuerBytes = verifier.issuerBytes
    var fields = [UInt8]()
    fields.reserveCapacity(Self.usualLength)
    Self.append(claims.subjectAt, of: claims, to: &fields)
    subjectEnd = fields.count
    Self.append(claims.client(verifier.policy.clientClaims), of: claims, to: &fields)
    let clientEnd = fields.count
    _ = claims.anyScope(verifier.policy.scopeClaims) { scope in
      FieldText.append(word: scope, to: &fields, from: clientEnd)
      return false
    }
    self.clientEnd = clientEnd
    self.fields = fields
  }

  /// Bytes of subject, client and scopes that are got at once.
  private static let usualLength = 96

  private static func append(_ index: Int?, of claims: Claims, to fields: inout [UInt8]) {
    guard let index else { return }
    claims.text.withString(index) { FieldText.append($0, to: &fields) }
  }
}

/// Claims as field values, see ``FieldText``. Empty when the token has no such claim.
extension VerifiedToken {
  package var subjectBytes: ArraySlice<UInt8> { fields[..<subjectEnd] }
  package var clientBytes: ArraySlice<UInt8> { fields[subjectEnd..<clientEnd] }
  /// Separated by single spaces.
  package var scopeBytes: ArraySlice<UInt8> { fields[clientEnd...] }
}
