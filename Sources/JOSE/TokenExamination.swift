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

extension TokenExamination {
  /// Header and claims of whatever resembles a signed JWT, for people to read: nil where they are no JSON objects.
  package static func readableParts(of token: ByteView) -> (header: JSONValue?, claims: JSONValue?) {
    let (header, payload) = CompactJWS.readableParts(of: token)
    return (header, payload)
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
      let findings = TokenRequirement.allCases.map { requirement in
        requirement == .signature
          ? signature(presented, keys, now) : finding(requirement, presented.claims, presented.jws.header, now)
      }
      return TokenExamination(header: header, claims: claims, formFault: nil, findings: findings)
    } catch {
      return TokenExamination(header: header, claims: claims, formFault: error, findings: [])
    }
  }

  /// The same for what the issuer's introspection endpoint says about a token (RFC 7662 §2.2).
  package func examine(introspected answer: JSONObject, now: Int64) -> TokenExamination {
    func examination(_ fault: TokenFault?, _ findings: [TokenExamination.Finding]) -> TokenExamination {
      TokenExamination(header: nil, claims: .object(answer), formFault: fault, findings: findings)
    }
    guard answer["active"]?.boolValue == true else { return examination(.inactive, []) }
    do {
      let claims = try claims(introspected: answer, now: now)
      return examination(nil, TokenRequirement.ofIntrospected.map { finding($0, claims, nil, now) })
    } catch {
      return examination(error, [])
    }
  }

  private func finding(
    _ requirement: TokenRequirement, _ claims: Claims, _ header: JOSEHeader?, _ now: Int64
  ) -> TokenExamination.Finding {
    let outcome: TokenExamination.Outcome
    do {
      try policy.demand(requirement, of: claims, header, now: now)
      outcome = .passed
    } catch {
      outcome = .failed(error)
    }
    return TokenExamination.Finding(
      requirement: requirement, outcome: outcome,
      evidence: policy.evidence(requirement, of: claims, header, now: now),
      ruleIndex: requirement == .customClaims ? policy.indexOfFailingRule(claims) : nil)
  }

  private func signature(_ token: PresentedToken, _ keys: KeySet?, _ now: Int64) -> TokenExamination.Finding {
    let header = token.jws.header
    func finding(_ outcome: TokenExamination.Outcome, _ evidence: TokenEvidence) -> TokenExamination.Finding {
      TokenExamination.Finding(requirement: .signature, outcome: outcome, evidence: evidence, ruleIndex: nil)
    }
    guard let keys else {
      return finding(
        .open("the keys of the issuer are not at hand"),
        policy.evidence(.signature, of: token.claims, header, now: now))
    }
    let names = keys.keys.map { "\($0.kid ?? "(no kid)") \($0.algorithm.rawValue)" }
    let evidence = TokenEvidence(
      "kid \(header.kid ?? "(none)"), alg \(header.algorithm.rawValue)", wanted: TokenEvidence.list(names))
    let candidates = keys.candidates(kid: header.kid, algorithm: header.algorithm)
    guard !candidates.isEmpty else { return finding(.failed(.unknownKey), evidence) }
    return finding(token.signer(among: candidates) == nil ? .failed(.badSignature) : .passed, evidence)
  }
}
