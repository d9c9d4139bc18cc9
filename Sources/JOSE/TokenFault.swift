/// Why a token is not accepted.
package enum TokenFault: Error, Equatable, Sendable, CaseIterable {
  case tooLong
  case opaque
  case encrypted
  case malformed
  case malformedHeader
  case malformedClaims
  case unsupportedAlgorithm
  case unsupportedHeader
  case wrongTokenType
  case notAnAccessToken
  case missingExpiry
  case expired
  case notYetValid
  case issuedInFuture
  case wrongIssuer
  case wrongAudience
  case unknownKey
  case badSignature
  case inactive
  case unsupportedConfirmation
  case wrongClient
  case claimMismatch
  case insufficientScope
  case notBoundToCertificate
  case proofRequired
  case notBoundToKey

  /// For logs and metrics.
  package var reason: StaticString { texts.reason }

  /// For the client's `error_description`. Fixed text in the alphabet of RFC 6750 §3, free of anything the
  /// client sent.
  package var explanation: StaticString { texts.explanation }

  /// The one fault that more consent can cure: 403 instead of 401 (RFC 6750 §3.1).
  package var isInsufficientScope: Bool { self == .insufficientScope }

  /// Whether the token is no signed JWT at all, so that only its issuer can say what it stands for.
  package var isOpaque: Bool { self == .opaque || self == .encrypted || self == .malformed }

  /// Whether the signature was good, so that finding out again costs as much again.
  package var isOfSigned: Bool { requirement.map(TokenRequirement.ofSigned.contains) ?? false }

  private var texts: (reason: StaticString, explanation: StaticString) {
    switch self {
    case .tooLong: ("too_long", "The access token is too long")
    case .opaque: ("opaque_token", "The access token is opaque, and this server takes signed JWTs")
    case .encrypted: ("encrypted_token", "The access token is encrypted, and this server takes signed JWTs")
    case .malformed: ("malformed", "The access token is not a signed JWT")
    case .malformedHeader: ("malformed_header", "The header of the access token is malformed")
    case .malformedClaims: ("malformed_claims", "The claims of the access token are malformed")
    case .unsupportedAlgorithm: ("unsupported_algorithm", "The signature algorithm is not accepted")
    case .unsupportedHeader:
      ("unsupported_header", "The access token needs an extension that is not supported")
    case .wrongTokenType: ("wrong_token_type", "The header of the access token does not say that it is one")
    case .notAnAccessToken: ("not_an_access_token", "The token is not an access token")
    case .missingExpiry: ("missing_expiry", "The access token does not expire")
    case .expired: ("expired", "The access token has expired")
    case .notYetValid: ("not_yet_valid", "The access token is not valid yet")
    case .issuedInFuture: ("issued_in_future", "The access token was issued in the future")
    case .wrongIssuer: ("wrong_issuer", "The access token is from another issuer")
    case .wrongAudience: ("wrong_audience", "The access token is for another audience")
    case .unknownKey: ("unknown_key", "The access token is signed with an unknown key")
    case .badSignature: ("bad_signature", "The signature of the access token is not valid")
    case .inactive: ("inactive_token", "The access token is not active")
    case .unsupportedConfirmation:
      ("unsupported_confirmation", "The access token is bound in a way that is not supported")
    case .wrongClient: ("wrong_client", "The access token was issued to a client that is not allowed")
    case .claimMismatch: ("claim_mismatch", "A claim of the access token does not meet the requirements")
    case .notBoundToCertificate:
      ("not_bound_to_certificate", "The access token is not bound to the certificate of this connection")
    case .proofRequired: ("proof_required", "The access token must come with a DPoP proof")
    case .notBoundToKey: ("not_bound_to_key", "The access token is not bound to the key of the DPoP proof")
    case .insufficientScope: ("insufficient_scope", "The access token lacks a required permission")
    }
  }
}
