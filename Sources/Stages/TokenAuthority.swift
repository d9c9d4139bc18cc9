package import Identity
package import JOSE

/// One issuer whose tokens a route accepts, and what it takes to check them.
///
/// A class, because one is looked up for each request: a copy of what it holds would cost more than the look-up.
package final class TokenAuthority {
  let verifier: TokenVerifier
  let keyStore: KeyStore
  let possession: ProofOfPossession
  /// Nil: only signed JWTs are accepted.
  let introspection: TokenIntrospection?
  /// Nil: no tokens are sealed for this issuer's clients.
  let sealed: (any SealedTokens)?

  package init(
    _ verifier: TokenVerifier, _ keyStore: KeyStore, _ possession: ProofOfPossession = ProofOfPossession(),
    introspection: TokenIntrospection? = nil, sealed: (any SealedTokens)? = nil
  ) {
    self.verifier = verifier
    self.keyStore = keyStore
    self.possession = possession
    self.introspection = introspection
    self.sealed = sealed
  }

  var issuer: String { verifier.policy.issuer }
}

/// How an issuer is asked about tokens (RFC 7662).
package struct TokenIntrospection {
  package let introspector: Introspector
  /// Also about signed JWTs, so that revoked ones are refused.
  let asksAboutAll: Bool
  /// Seconds that a good answer is kept at the most, and a bad one.
  let lifetime: Int64
  let negativeLifetime: Int64

  package init(_ introspector: Introspector, asksAboutAll: Bool, lifetime: Int64, negativeLifetime: Int64) {
    self.introspector = introspector
    self.asksAboutAll = asksAboutAll
    self.lifetime = lifetime
    self.negativeLifetime = negativeLifetime
  }
}
