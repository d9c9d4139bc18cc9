package import Bytes
internal import JSON

/// Judges access tokens by one policy. Pure: keys and the time come from the caller.
package final class TokenVerifier {
  package let policy: TokenPolicy

  package init(policy: TokenPolicy) { self.policy = policy }

  /// Cheap checks come before the signature, so that forged tokens cost little; conditions that would tell a
  /// stranger about the configuration (clients, custom claims) and the scopes come after it.
  ///
  /// - Parameters:
  ///   - keys: the issuer's keys, nil when there are none yet.
  ///   - now: seconds since 1970.
  package func judge(_ token: ByteView, keys: KeySet?, now: Int64) -> Judgement {
    do {
      let jws = try CompactJWS(token)
      let claims = try Claims(jws.payload)
      try claims.check(policy, jws.header.type, now: now)
      let kid = jws.header.kid
      guard let candidates = keys?.candidates(kid: kid, algorithm: jws.header.algorithm), !candidates.isEmpty
      else {
        return .keyNeeded(kid: kid)
      }
      guard Self.isSigned(jws, token, by: candidates) else { return .badSignature(kid: kid) }
      return .verified(try authorize(claims))
    } catch {
      return .refused(error)
    }
  }

  private static func isSigned(_ jws: CompactJWS, _ token: ByteView, by keys: ArraySlice<PublicKey>) -> Bool {
    let message = token.slice(0, jws.signedLength)
    return jws.signature.withUnsafeBytes { signature in
      keys.contains { $0.verify(signature, over: message) }
    }
  }

  private func authorize(_ claims: Claims) throws(TokenFault) -> VerifiedToken {
    let client = claims.client(policy.clientClaims)
    guard policy.clients.isEmpty || policy.clients.sharesAny(with: client.map { [$0] } ?? []) else {
      throw .wrongClient
    }
    for rule in policy.customClaims where !claims.satisfies(rule) { throw .claimMismatch }
    let scopes = claims.scopes(policy.scopeClaims)
    guard policy.scopes.isEmpty || policy.scopes.sharesAny(with: scopes) else { throw .insufficientScope }
    return VerifiedToken(claims, client: client, scopes: scopes)
  }
}
