/// Why a DPoP proof is not accepted (RFC 9449 §4.3).
package enum ProofFault: Error, Equatable, Sendable, CaseIterable {
  case missing
  case repeated
  case malformed
  case unsupportedAlgorithm
  case badKey
  case badSignature
  case wrongMethod
  case wrongTarget
  case wrongToken
  case stale
  case replayed
  case nonceNeeded

  /// For logs and metrics.
  package var reason: StaticString { texts.reason }

  /// For the client's `error_description`: fixed text in the alphabet of RFC 6750 §3.
  package var explanation: StaticString { texts.explanation }

  /// The error code of RFC 9449 §7.1 and §9.
  package var error: StaticString { self == .nonceNeeded ? "use_dpop_nonce" : "invalid_dpop_proof" }

  private var texts: (reason: StaticString, explanation: StaticString) {
    switch self {
    case .missing: ("proof_missing", "The request has no DPoP proof")
    case .repeated: ("proof_repeated", "The request has more than one DPoP proof")
    case .malformed: ("proof_malformed", "The DPoP proof is malformed")
    case .unsupportedAlgorithm: ("proof_unsupported_algorithm", "The algorithm of the DPoP proof is not accepted")
    case .badKey: ("proof_bad_key", "The key in the DPoP proof is not a usable public key")
    case .badSignature: ("proof_bad_signature", "The signature of the DPoP proof is not valid")
    case .wrongMethod: ("proof_wrong_method", "The DPoP proof is for another method")
    case .wrongTarget: ("proof_wrong_target", "The DPoP proof is for another URL")
    case .wrongToken: ("proof_wrong_token", "The DPoP proof is for another access token")
    case .stale: ("proof_stale", "The DPoP proof is too old, or the clock of its maker is wrong")
    case .replayed: ("proof_replayed", "The DPoP proof has been used before")
    case .nonceNeeded: ("proof_nonce_needed", "The DPoP proof must hold the nonce that comes with this answer")
    }
  }
}
