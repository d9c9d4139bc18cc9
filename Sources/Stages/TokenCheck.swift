import Bytes
import HTTP
package import Identity
package import JOSE
import Net
package import Pipeline
import Telemetry

/// Lets a request pass when its token is good. Parks while keys are fetched; otherwise decides at once.
package final class TokenCheck: Gate {
  package let label: StaticString = "token"
  private let verifier: TokenVerifier
  private let cache: TokenCache
  private let keyStore: KeyStore
  private let challenge: Challenge
  private let binding: CertificateBinding

  package init(
    _ verifier: TokenVerifier, _ cache: TokenCache, _ keyStore: KeyStore, _ challenge: Challenge,
    _ binding: CertificateBinding = CertificateBinding()
  ) {
    self.binding = binding
    self.verifier = verifier
    self.cache = cache
    self.keyStore = keyStore
    self.challenge = challenge
    keyStore.onChange.append { _ in cache.removeAll() }
  }

  package func admit(_ exchange: Exchange) -> GateVerdict {
    switch BearerCredentials.find(in: exchange.request) {
    case .none: return .reject(challenge.unauthenticated)
    case .malformed(let words, let reason): return .reject(challenge.malformed(words, reason: reason))
    case .token(let token):
      if let verified = cache.find(token, now: Loop.unixTime) { return admit(verified, exchange) }
      guard BearerCredentials.isToken68(token) else {
        return .reject(
          challenge.malformed(
            "The bearer token contains characters that no token has", reason: "bad_token_syntax"))
      }
      let current = keyStore.current
      return judge(exchange, token, current?.keys, generation: current?.generation)
    }
  }

  private func admit(_ token: VerifiedToken, _ exchange: Exchange) -> GateVerdict {
    if let objection = binding.objection(to: token, exchange.clientCertificate, challenge) {
      return .reject(objection)
    }
    exchange.record.auth = .verified
    return .admit(.token(token))
  }

  private func judge(_ exchange: Exchange, _ token: ByteView, _ keys: KeySet?, generation: Int?)
    -> GateVerdict
  {
    switch verifier.judge(token, keys: keys, now: Loop.unixTime) {
    case .verified(let verified):
      cache.insert(token, verified)
      return admit(verified, exchange)
    case .refused(let fault): return .reject(challenge.refusing(fault))
    case .keyNeeded(let kid):
      return awaitKeys(exchange, newerThan: generation, because: .unknownKey(kid: kid), otherwise: .unknownKey)
    // Some providers reuse a key id for another key (GW-50).
    case .badSignature:
      return awaitKeys(exchange, newerThan: generation, because: .badSignature, otherwise: .badSignature)
    }
  }

  /// Asks for keys that the token may have been made with, once; the fault stands when there are none.
  private func awaitKeys(
    _ exchange: Exchange, newerThan generation: Int?, because cause: KeyStoreState.Cause, otherwise fault: TokenFault
  ) -> GateVerdict {
    let parked = Suspension<GateVerdict>()
    let waiter = keyStore.find(newerThan: generation, because: cause) { [self] outcome in
      switch outcome {
      case .keys(let keys, let generation): parked.resume(judgeAgain(exchange, keys, generation))
      case .noneBetter: parked.resume(.reject(challenge.refusing(fault)))
      case .unavailable(let seconds): parked.resume(.reject(.providerUnavailable(retryAfter: seconds)))
      }
    }
    if let waiter { parked.onCancel { waiter.cancel() } }
    return .suspended(parked)
  }

  private func judgeAgain(_ exchange: Exchange, _ keys: KeySet, _ generation: Int) -> GateVerdict {
    guard case .token(let token) = BearerCredentials.find(in: exchange.request) else {
      return .reject(challenge.unauthenticated)
    }
    return judge(exchange, token, keys, generation: generation)
  }
}

/// The gate of a route whose configuration says `authorization: none`.
package final class OpenGate: Gate {
  package let label: StaticString = "open"
  private let admission: Admission

  /// - Parameter anonymous: what the configuration has spelled out.
  package init(_ anonymous: Anonymous) { admission = .anonymous(anonymous) }

  package func admit(_ exchange: Exchange) -> GateVerdict {
    // A token in a query would reach the backend and its logs (GW-40).
    if exchange.request.query.map(BearerCredentials.hasToken) == true {
      return .reject(.malformed(400, reason: "token_in_query"))
    }
    return .admit(admission)
  }
}
