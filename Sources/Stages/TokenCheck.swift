import Bytes
import HTTP
import Identity
package import JOSE
import Net
package import Pipeline
package import Telemetry

/// Lets a request pass when its token is good. Parks while keys are fetched or a provider is asked; otherwise decides
/// at once.
package final class TokenCheck: Gate {
  package let label: StaticString = "token"
  /// Never empty.
  let authorities: [TokenAuthority]
  let cache: TokenCache
  let refused = RefusedTokens()
  let budget: TokenFailureBudget
  let challenge: Challenge
  private let hasher = TokenHasher()
  private let headers = HeaderMemory()
  private let takesProofs: Bool
  private let metrics: Metrics?

  /// - Parameters:
  ///   - authorities: the issuers whose tokens count; a token is checked by the one it names, and by no other.
  ///   - cache: of this route alone.
  ///   - budget: shared by all routes.
  package init(
    _ authorities: [TokenAuthority], _ cache: TokenCache, _ budget: TokenFailureBudget, _ challenge: Challenge,
    _ metrics: Metrics? = nil
  ) {
    self.authorities = authorities
    self.cache = cache
    self.budget = budget
    self.challenge = challenge
    takesProofs = authorities.contains { $0.possession.dpop != nil }
    self.metrics = metrics
    for authority in authorities {
      let issuer = authority.issuer
      authority.keyStore.onChange.append { [refused] keys in
        refused.removeAll()
        cache.removeAll { token in
          guard token.issuer == issuer, let key = token.keyThumbprint else { return false }
          return !keys.contains(thumbprint: key)
        }
      }
      authority.sealed?.onChange.append { cache.removeAll { $0.isSealed && $0.issuer == issuer } }
    }
  }

  package func admit(_ exchange: Exchange) -> GateVerdict {
    switch AccessTokenCredentials.find(in: exchange.request) {
    case .none: return .reject(challenge.unauthenticated)
    case .malformed(let words, let reason): return .reject(challenge.malformed(words, reason: reason))
    case .token(let credentials):
      // Where proofs are not taken, a token that asks for one is none.
      guard credentials.scheme == .bearer || takesProofs else { return .reject(challenge.unauthenticated) }
      let token = credentials.token
      let attempt = TokenAttempt(exchange: exchange, scheme: credentials.scheme, digest: hasher.digest(of: token))
      return recall(attempt, token, now: Loop.unixTime) ?? judge(attempt, token)
    }
  }

  /// What needs no look at the token: it is known, or nobody is to look.
  private func recall(_ attempt: TokenAttempt, _ token: ByteView, now: Int64) -> GateVerdict? {
    if let digest = attempt.digest, let verified = cache.find(digest, now: now) {
      return admit(verified, attempt, token)
    }
    if let digest = attempt.digest, let fault = refused.find(digest, now: now) { return refuse(attempt, fault) }
    return budget.wait(for: attempt.exchange.clientAddress, now: now).map {
      .reject(.tooManyFailures(retryAfter: $0))
    }
  }

  // MARK: Verdicts

  /// The token is good; what is left is whether this client may use it.
  func admit(_ verified: VerifiedToken, _ attempt: TokenAttempt, _ token: ByteView) -> GateVerdict {
    let authority = authorities.count == 1 ? authorities[0] : authorities.first { $0.issuer == verified.issuer }
    let credentials = AccessTokenCredentials.Presented(token: token, scheme: attempt.scheme)
    if let objection = authority?.possession.objection(to: verified, credentials, attempt.exchange, challenge) {
      return reject(objection)
    }
    attempt.exchange.record.auth = .verified
    return .admit(.token(verified))
  }

  /// - Parameter evidence: the whole reason, for the log.
  func refuse(_ attempt: TokenAttempt, _ fault: TokenFault, _ evidence: TokenEvidence? = nil) -> GateVerdict {
    attempt.exchange.record.detail = evidence?.line
    return reject(challenge.refusing(fault, attempt.scheme))
  }

  private func reject(_ rejection: Rejection) -> GateVerdict {
    metrics?.count(.tokensRefused, rejection.reason)
    return .reject(rejection)
  }

  // MARK: Judging

  private func judge(_ attempt: TokenAttempt, _ token: ByteView) -> GateVerdict {
    let presented: PresentedToken
    do throws(TokenFault) {
      presented = try PresentedToken(token, headers)
    } catch {
      // Three parts of base64url have the syntax of a token; what is anything else is looked at once more.
      guard AccessTokenCredentials.isToken68(token) else {
        return .reject(
          challenge.malformed(
            "The access token contains characters that no token has", reason: "bad_token_syntax", attempt.scheme))
      }
      if error == .opaque, let verdict = open(attempt, token, now: Loop.unixTime) { return verdict }
      let asking = authorities.filter { $0.introspection != nil }
      return error.isOpaque && !asking.isEmpty ? introspect(attempt, token, asking[...]) : refuse(attempt, error)
    }
    guard let authority = authorities.first(where: { presented.isIssued(for: $0.verifier) }) else {
      let issuers = TokenEvidence.list(authorities.map(\.issuer))
      return refuse(attempt, .wrongIssuer, TokenEvidence("iss \(presented.issuer ?? "(none)")", wanted: issuers))
    }
    if authority.introspection?.asksAboutAll == true { return introspect(attempt, token, [authority]) }
    let current = authority.keyStore.current
    return judge(attempt, presented, authority, current?.keys, generation: current?.generation)
  }

  private func judge(
    _ attempt: TokenAttempt, _ presented: PresentedToken, _ authority: TokenAuthority, _ keys: KeySet?,
    generation: Int?
  ) -> GateVerdict {
    let now = Loop.unixTime
    switch authority.verifier.judge(presented, keys: keys, now: now) {
    case .verified(let verified):
      if let digest = attempt.digest { cache.insert(digest, length: presented.bytes.count, verified) }
      return admit(verified, attempt, presented.bytes)
    case .refused(let fault):
      // The signature was good, and would cost as much again.
      if fault.isOfSigned, let digest = attempt.digest { refused.insert(digest, fault, now: now) }
      return refuse(attempt, fault, authority.verifier.evidence(for: fault, of: presented, now: now))
    case .keyNeeded(let kid): return awaitKeys(attempt, authority, newerThan: generation, .unknownKey(kid: kid))
    // Some providers reuse a key id for another key (GW-50).
    case .badSignature: return awaitKeys(attempt, authority, newerThan: generation, .badSignature)
    }
  }

  /// Asks for keys that the token may have been made with, once; the fault stands when there are none.
  private func awaitKeys(
    _ attempt: TokenAttempt, _ authority: TokenAuthority, newerThan generation: Int?, _ cause: KeyStoreState.Cause
  ) -> GateVerdict {
    let parked = Suspension<GateVerdict>()
    let waiter = authority.keyStore.find(newerThan: generation, because: cause) { [self] outcome in
      switch outcome {
      case .keys(let keys, let generation):
        parked.resume(
          withToken(of: attempt) { judge(attempt, $0, authority, keys, generation: generation) })
      case .noneBetter:
        let fault: TokenFault = if case .unknownKey = cause { .unknownKey } else { .badSignature }
        parked.resume(withToken(of: attempt) { refuseForGood(attempt, $0, authority, fault) })
      case .unavailable(let seconds): parked.resume(.reject(.providerUnavailable(retryAfter: seconds)))
      }
    }
    if let waiter { parked.onCancel { waiter.cancel() } }
    return .suspended(parked)
  }

  /// No keys make this token good: that is remembered, and counts against the client.
  private func refuseForGood(
    _ attempt: TokenAttempt, _ presented: PresentedToken, _ authority: TokenAuthority, _ fault: TokenFault
  ) -> GateVerdict {
    let now = Loop.unixTime
    budget.spend(attempt.exchange.clientAddress, now: now)
    if let digest = attempt.digest { refused.insert(digest, fault, now: now) }
    return refuse(attempt, fault, authority.verifier.evidence(for: fault, of: presented, now: now))
  }

  /// Takes the token out of the request again.
  private func withToken(of attempt: TokenAttempt, _ body: (PresentedToken) -> GateVerdict) -> GateVerdict {
    guard case .token(let credentials) = AccessTokenCredentials.find(in: attempt.exchange.request) else {
      return .reject(challenge.unauthenticated)
    }
    do throws(TokenFault) {
      return body(try PresentedToken(credentials.token, headers))
    } catch {
      return refuse(attempt, error)
    }
  }
}
