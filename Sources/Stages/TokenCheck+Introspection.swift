import Bytes
import HTTP
import Identity
import JOSE
import JSON
import Net
import Pipeline
import Telemetry

/// Tokens that only their issuer can read (RFC 7662).
extension TokenCheck {
  /// Asks one issuer after the other, until one knows the token.
  func introspect(
    _ attempt: TokenAttempt, _ token: ByteView, _ authorities: ArraySlice<TokenAuthority>
  ) -> GateVerdict {
    guard let authority = authorities.first, let introspection = authority.introspection else {
      return refuse(attempt, .inactive)
    }
    // Right after the start: where to ask comes with the keys.
    guard introspection.introspector.knowsEndpoint || authority.keyStore.isReady else {
      return awaitMetadata(attempt, authority, authorities)
    }
    let parked = Suspension<GateVerdict>()
    let waiter = introspection.introspector.ask(token: [UInt8](token)) { [self] outcome in
      switch outcome {
      case .answer(let answer):
        let members = answer.objectValue ?? [:]
        parked.resume(judge(members, attempt, authority, introspection, otherwise: authorities.dropFirst()))
      case .unavailable(let seconds, let reason):
        attempt.exchange.record.detail = reason
        parked.resume(.reject(.providerUnavailable(retryAfter: seconds)))
      }
    }
    if let waiter { parked.onCancel { waiter.cancel() } }
    return .suspended(parked)
  }

  private func awaitMetadata(
    _ attempt: TokenAttempt, _ authority: TokenAuthority, _ authorities: ArraySlice<TokenAuthority>
  ) -> GateVerdict {
    let parked = Suspension<GateVerdict>()
    let waiter = authority.keyStore.find(newerThan: nil, because: .unknownKey(kid: nil)) { [self] outcome in
      switch (outcome, AccessTokenCredentials.find(in: attempt.exchange.request)) {
      case (.keys, .token(let credentials)): parked.resume(introspect(attempt, credentials.token, authorities))
      case (.unavailable(let seconds), _): parked.resume(.reject(.providerUnavailable(retryAfter: seconds)))
      default: parked.resume(.reject(.providerUnavailable(retryAfter: 1)))
      }
    }
    if let waiter { parked.onCancel { waiter.cancel() } }
    return .suspended(parked)
  }

  private func judge(
    _ answer: JSONObject, _ attempt: TokenAttempt, _ authority: TokenAuthority, _ introspection: TokenIntrospection,
    otherwise others: ArraySlice<TokenAuthority>
  ) -> GateVerdict {
    guard case .token(let credentials) = AccessTokenCredentials.find(in: attempt.exchange.request) else {
      return .reject(challenge.unauthenticated)
    }
    let now = Loop.unixTime
    guard answer["active"]?.boolValue == true else {
      guard others.isEmpty else { return introspect(attempt, credentials.token, others) }
      budget.spend(attempt.exchange.clientAddress, now: now)
      return refuse(attempt, .inactive, nil, for: introspection.negativeLifetime, now: now)
    }
    do throws(TokenFault) {
      let lifetime = introspection.lifetime
      let verified = try authority.verifier.accept(introspected: answer, lifetime: lifetime, now: now)
      if lifetime > 0, let digest = attempt.digest {
        cache.insert(digest, length: credentials.token.count, verified)
      }
      return admit(verified, attempt, credentials.token)
    } catch {
      let evidence = authority.verifier.evidence(for: error, ofIntrospected: answer, now: now)
      return refuse(attempt, error, evidence, for: introspection.negativeLifetime, now: now)
    }
  }

  /// - Parameter lifetime: seconds that the refusal is remembered.
  private func refuse(
    _ attempt: TokenAttempt, _ fault: TokenFault, _ evidence: TokenEvidence?, for lifetime: Int64, now: Int64
  ) -> GateVerdict {
    if let digest = attempt.digest { refused.insert(digest, fault, now: now, lifetime: lifetime) }
    return refuse(attempt, fault, evidence)
  }
}
