internal import Bytes
package import JSON

/// Judges access tokens by one policy. Pure: keys and the time come from the caller.
package final class TokenVerifier {
  package let policy: TokenPolicy

  /// Whether what it verifies keeps all its claims, which few have a use for.
  let keepsClaims: Bool
  /// See ``VerifiedToken/issuerBytes``: the same for all.
  let issuerBytes: [UInt8]

  package init(policy: TokenPolicy, keepsClaims: Bool = false) {
    self.policy = policy
    self.keepsClaims = keepsClaims
    issuerBytes = FieldText.encode(policy.issuer)
  }

  /// Cheap checks come before the signature, so that forged tokens cost little; conditions that would tell a
  /// stranger about the configuration (clients, custom claims) and the scopes come after it.
  ///
  /// - Parameters:
  ///   - keys: the issuer's keys, nil when there are none yet.
  ///   - now: seconds since 1970.
  package func judge(_ token: PresentedToken, keys: KeySet?, now: Int64) -> Judgement {
    do {
      let header = token.jws.header
      for requirement in TokenRequirement.ofEverybody {
        try policy.demand(requirement, of: token.claims, header, now: now)
      }
      guard let candidates = keys?.candidates(kid: header.kid, algorithm: header.algorithm), !candidates.isEmpty else {
        return .keyNeeded(kid: header.kid)
      }
      guard let key = token.signer(among: candidates) else { return .badSignature(kid: header.kid) }
      for requirement in TokenRequirement.ofSigned {
        try policy.demand(requirement, of: token.claims, header, now: now)
      }
      return .verified(try VerifiedToken(token.claims, self, keyThumbprint: key.thumbprint))
    } catch {
      return .refused(error)
    }
  }

  /// Takes what the issuer's introspection endpoint says about an active token (RFC 7662 §2.2). Such an answer may
  /// leave out the issuer, whose word it is, and the expiry.
  ///
  /// - Parameter lifetime: seconds until the answer is to be asked for again, whatever `exp` says.
  package func accept(
    introspected answer: JSONObject, lifetime: Int64, now: Int64
  ) throws(TokenFault) -> VerifiedToken {
    let claims = try claims(introspected: answer, now: now)
    for requirement in TokenRequirement.ofIntrospected {
      try policy.demand(requirement, of: claims, nil, now: now)
    }
    return try VerifiedToken(claims, self, endsBy: now + lifetime)
  }

  /// Takes the claims of a token that the gateway has sealed itself, as they were when it did. The seal has been opened,
  /// and belongs to this route. Nothing is made up: they name their issuer, and the verdict ends with their `exp`.
  package func accept(sealed members: JSONObject, now: Int64) throws(TokenFault) -> VerifiedToken {
    let claims = try Claims(members)
    for requirement in TokenRequirement.ofSealed {
      try policy.demand(requirement, of: claims, nil, now: now)
    }
    return try VerifiedToken(claims, self, endsBy: claims.expiry ?? now, isSealed: true)
  }

  func claims(introspected answer: JSONObject, now: Int64) throws(TokenFault) -> Claims {
    var members = answer
    if members["iss"] == nil { members["iss"] = .string(policy.issuer) }
    if members["exp"] == nil { members["exp"] = .integer(.max) }
    return try Claims(members)
  }

  /// The whole reason for refusing a token that is well-formed.
  package func evidence(for fault: TokenFault, of token: PresentedToken, now: Int64) -> TokenEvidence? {
    fault.requirement.map { policy.evidence($0, of: token.claims, token.jws.header, now: now) }
  }

  /// The whole reason for refusing a token that was sealed here.
  package func evidence(for fault: TokenFault, ofSealed members: JSONObject, now: Int64) -> TokenEvidence? {
    guard let claims = try? Claims(members) else { return nil }
    return fault.requirement.map { policy.evidence($0, of: claims, nil, now: now) }
  }

  /// The whole reason for refusing a token that the issuer calls active.
  package func evidence(for fault: TokenFault, ofIntrospected answer: JSONObject, now: Int64) -> TokenEvidence? {
    guard let claims = try? claims(introspected: answer, now: now) else { return nil }
    return fault.requirement.map { policy.evidence($0, of: claims, nil, now: now) }
  }
}
