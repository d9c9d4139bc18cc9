import Bytes
import JOSE
import JSON
import Pipeline

/// Tokens that the gateway has sealed itself.
extension TokenCheck {
  /// Opening costs a few microseconds, whoever made the token: refusals are neither remembered nor counted.
  ///
  /// - Returns: nil for a token that was not made here.
  func open(_ attempt: TokenAttempt, _ token: ByteView, now: Int64) -> GateVerdict? {
    for authority in authorities {
      switch authority.sealed?.claims(of: token, now: now) {
      case .claims(let claims): return judge(claims, attempt, token, authority.verifier, now: now)
      case .expired: return refuse(attempt, .expired)
      case .foreign, nil: continue
      }
    }
    return nil
  }

  private func judge(
    _ claims: JSONObject, _ attempt: TokenAttempt, _ token: ByteView, _ verifier: TokenVerifier, now: Int64
  ) -> GateVerdict {
    do throws(TokenFault) {
      let verified = try verifier.accept(sealed: claims, now: now)
      if let digest = attempt.digest { cache.insert(digest, length: token.count, verified) }
      return admit(verified, attempt, token)
    } catch {
      return refuse(attempt, error, verifier.evidence(for: error, ofSealed: claims, now: now))
    }
  }
}
