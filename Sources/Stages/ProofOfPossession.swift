import Bytes
import HTTP
import JOSE
import Pipeline

/// What a route asks of whoever carries a good token: the client's certificate (RFC 8705 §3), or proofs made with a key
/// of its own (RFC 9449). A token that is bound to something is good with it only, whatever the route asks for.
package struct ProofOfPossession {
  /// Every token must be bound to the certificate of the connection it comes over.
  private let bindsTokens: Bool
  /// Subjects that may call; empty: any.
  private let subjects: [[UInt8]]
  /// Nil: the route knows no proofs.
  let dpop: DPoPCheck?

  package init(bindsTokens: Bool = false, subjects: [String] = [], dpop: DPoPCheck? = nil) {
    self.bindsTokens = bindsTokens
    self.subjects = subjects.map { [UInt8]($0.utf8) }
    self.dpop = dpop
  }

  /// Nil when the token may be used by this request.
  func objection(
    to token: VerifiedToken, _ credentials: AccessTokenCredentials.Presented, _ exchange: Exchange,
    _ challenge: Challenge
  ) -> Rejection? {
    if bindsTokens || token.certificateThumbprint != nil {
      guard let bound = token.certificateThumbprint, let certificate = exchange.clientCertificate,
        bound == certificate.thumbprint
      else { return challenge.refusing(.notBoundToCertificate, credentials.scheme) }
    }
    guard subjects.isEmpty || exchange.clientCertificate.map({ subjects.contains($0.subject) }) == true else {
      return .certificateNotAllowed
    }
    return proofObjection(to: token, credentials, exchange, challenge)
  }

  private func proofObjection(
    to token: VerifiedToken, _ credentials: AccessTokenCredentials.Presented,
    _ exchange: Exchange, _ challenge: Challenge
  ) -> Rejection? {
    guard credentials.scheme == .dpop, let dpop else {
      let mustProve = token.proofKeyThumbprint != nil || dpop?.settings.isRequired == true
      return mustProve ? challenge.refusing(.proofRequired, credentials.scheme) : nil
    }
    do throws(ProofFault) {
      let key = try dpop.keyThumbprint(of: exchange, token: credentials.token)
      return key == token.proofKeyThumbprint ? nil : challenge.refusing(.notBoundToKey, .dpop)
    } catch {
      return challenge.refusing(error, nonce: dpop.nonce)
    }
  }
}
