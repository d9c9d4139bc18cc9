import Bytes
import Identity
import JOSE
import JSON
import Pipeline

/// Verifies one token that the provider has just given. Waits for keys, and asks the provider about what only it can
/// read.
final class ProviderTokenCheck: Cancellable {
  typealias Completion = (Result<JSONObject, TokenRefusal>) -> Void

  private let token: String
  private let verifier: TokenVerifier
  private let keys: any ProviderKeys
  private let introspection: TokenWrapper.Introspection?
  private let now: Int64
  private var completion: Completion?
  private var step: (any Cancellable)?

  init(
    _ token: String, _ policy: TokenPolicy, _ keys: any ProviderKeys, _ introspection: TokenWrapper.Introspection?,
    now: Int64, completion: @escaping Completion
  ) {
    self.token = token
    verifier = TokenVerifier(policy: policy, keepsClaims: true)
    self.keys = keys
    self.introspection = introspection
    self.now = now
    self.completion = completion
  }

  /// - Returns: nil when it is over already.
  func start() -> (any Cancellable)? {
    let current = keys.current
    judge(current?.keys, generation: current?.generation)
    return completion == nil ? nil : self
  }

  func cancel(_ reason: CancelReason) {
    completion = nil
    step?.cancel(reason)
    step = nil
  }

  private func finish(_ result: Result<JSONObject, TokenRefusal>) {
    let completion = completion
    self.completion = nil
    step = nil
    completion?(result)
  }

  /// What is left to do.
  private enum Next {
    case done(Result<JSONObject, TokenRefusal>)
    case keys(KeyStoreState.Cause, TokenFault)
    case introspection
  }

  private func judge(_ keys: KeySet?, generation: Int?) {
    guard completion != nil else { return }
    switch look(keys) {
    case .done(let result): finish(result)
    case .keys(let cause, let fault): awaitKeys(newerThan: generation, cause, otherwise: fault)
    case .introspection: introspect()
    }
  }

  private func look(_ keys: KeySet?) -> Next {
    var text = token
    return text.withUTF8 { bytes in
      do throws(TokenFault) {
        let presented = try PresentedToken(ByteView(bytes))
        switch verifier.judge(presented, keys: keys, now: now) {
        case .verified(let verified): return .done(accept(verified))
        case .keyNeeded(let kid): return .keys(.unknownKey(kid: kid), .unknownKey)
        case .badSignature: return .keys(.badSignature, .badSignature)
        case .refused(let fault):
          return .done(.failure(refusal(fault, verifier.evidence(for: fault, of: presented, now: now))))
        }
      } catch {
        return error.isOpaque && introspection != nil ? .introspection : .done(.failure(refusal(error, nil)))
      }
    }
  }

  private func accept(_ verified: VerifiedToken) -> Result<JSONObject, TokenRefusal> {
    // Whoever gets the wrapped token could not prove to hold what it is bound to.
    guard verified.certificateThumbprint == nil, verified.proofKeyThumbprint == nil else {
      return .failure(TokenWrapper.unusable("the provider's token is bound to the gateway"))
    }
    return .success(verified.claims ?? [:])
  }

  private func refusal(_ fault: TokenFault, _ evidence: TokenEvidence?) -> TokenRefusal {
    TokenWrapper.unusable("the provider's token: \(fault.reason)" + (evidence.map { ", \($0.line)" } ?? ""))
  }

  private func awaitKeys(newerThan generation: Int?, _ cause: KeyStoreState.Cause, otherwise fault: TokenFault) {
    let waiter = keys.look(newerThan: generation, because: cause) { [self] outcome in
      step = nil
      switch outcome {
      case .keys(let keys, let generation): judge(keys, generation: generation)
      case .noneBetter: finish(.failure(refusal(fault, nil)))
      case .unavailable(let seconds):
        finish(.failure(.unavailable(retryAfter: seconds, detail: "the provider's keys cannot be had")))
      }
    }
    if let waiter, completion != nil { step = waiter }
  }

  private func introspect() {
    let waiter = introspection?(token) { [self] outcome in
      step = nil
      switch outcome {
      case .unavailable(let seconds, let reason):
        finish(.failure(.unavailable(retryAfter: seconds, detail: reason)))
      case .answer(let answer): finish(judge(answer.objectValue ?? [:]))
      }
    }
    if let waiter, completion != nil { step = waiter }
  }

  private func judge(_ answer: JSONObject) -> Result<JSONObject, TokenRefusal> {
    guard answer["active"]?.boolValue == true else { return .failure(refusal(.inactive, nil)) }
    do throws(TokenFault) {
      return accept(try verifier.accept(introspected: answer, lifetime: 0, now: now)).map { claims in
        var claims = claims
        claims["active"] = nil
        return claims
      }
    } catch {
      return .failure(refusal(error, verifier.evidence(for: error, ofIntrospected: answer, now: now)))
    }
  }
}
