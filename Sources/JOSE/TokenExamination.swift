package import Bytes
package import JSON

/// Everything there is to say about one token, for people: the same questions that a ``TokenVerifier`` asks, each with
/// its answer, instead of the first that fails.
package struct TokenExamination {
  package enum Outcome: Equatable, Sendable {
    case passed
    case failed(TokenFault)
    /// Not asked, and why.
    case open(String)
  }

  package struct Finding: Equatable, Sendable {
    package let requirement: TokenRequirement
    package let outcome: Outcome
    package let evidence: TokenEvidence
    /// Which of the policy's custom claims fails.
    package let ruleIndex: Int?
  }

  /// The parts as far as they are JSON objects; never the signature.
  package let header: JSONValue?
  package let claims: JSONValue?
  /// What is wrong with its form, so that nothing else could be asked.
  package let formFault: TokenFault?
  package let findings: [Finding]

  /// The first fault, which is the gateway's answer; nil when it would let the token pass.
  package var fault: TokenFault? {
    if let formFault { return formFault }
    for finding in findings {
      if case .failed(let fault) = finding.outcome { return fault }
    }
    return nil
  }
}

extension TokenVerifier {
  /// Asks a token everything.
  ///
  /// - Parameters:
  ///   - keys: nil when they could not be had: the signature stays open.
  ///   - now: seconds since 1970.
  package func examine(_ token: ByteView, keys: KeySet?, now: Int64) -> TokenExamination {
    let (header, claims) = CompactJWS.readableParts(of: token)
    do {
      let presented = try PresentedToken(token)
      let findings = TokenRequirement.allCases.map { finding($0, presented, keys, now) }
      return TokenExamination(header: header, claims: claims, formFault: nil, findings: findings)
    } catch {
      return TokenExamination(header: header, claims: claims, formFault: error, findings: [])
    }
  }

  private func finding(
    _ requirement: TokenRequirement, _ token: PresentedToken, _ keys: KeySet?, _ now: Int64
  ) -> TokenExamination.Finding {
    let header = token.jws.header
    let outcome: TokenExamination.Outcome
    var evidence = policy.evidence(requirement, of: token.claims, header, now: now)
    if requirement == .signature {
      (outcome, evidence) = signature(token, keys, evidence)
    } else {
      do {
        try policy.demand(requirement, of: token.claims, header, now: now)
        outcome = .passed
      } catch {
        outcome = .failed(error)
      }
    }
    let index = requirement == .customClaims ? policy.indexOfFailingRule(token.claims) : nil
    return TokenExamination.Finding(requirement: requirement, outcome: outcome, evidence: evidence, ruleIndex: index)
  }

  private func signature(_ token: PresentedToken, _ keys: KeySet?, _ unknown: TokenEvidence)
    -> (TokenExamination.Outcome, TokenEvidence)
  {
    guard let keys else { return (.open("the keys of the issuer are not at hand"), unknown) }
    let header = token.jws.header
    let names = keys.keys.map { "\($0.kid ?? "(no kid)") \($0.algorithm.rawValue)" }
    let evidence = TokenEvidence(
      "kid \(header.kid ?? "(none)"), alg \(header.algorithm.rawValue)", wanted: TokenEvidence.list(names))
    let candidates = keys.candidates(kid: header.kid, algorithm: header.algorithm)
    guard !candidates.isEmpty else { return (.failed(.unknownKey), evidence) }
    return (token.signer(among: candidates) == nil ? .failed(.badSignature) : .passed, evidence)
  }
}
