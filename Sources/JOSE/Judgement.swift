/// What a ``TokenVerifier`` found.
package enum Judgement {
  case verified(VerifiedToken)
  /// All that can be checked without the key is in order, but no key at hand fits: fetch the key set, then
  /// judge again.
  case keyNeeded(kid: String?)
  /// No key at hand made the signature. Issuers reuse key IDs, so this may also be cured by a fresh key set.
  case badSignature(kid: String?)
  case refused(TokenFault)
}
