import Bytes
import HTTP
package import JOSE
import Net
import Pipeline

/// Asks for proofs of possession with tokens (RFC 9449 §7).
package final class DPoPCheck {
  package struct Settings: Sendable {
    /// Whether tokens without a bound key are refused.
    package var isRequired: Bool
    package var algorithms: [JWSAlgorithm]
    /// Seconds that the `iat` of a proof may lie back.
    package var maxAge: Int64
    package var clockSkew: Int64
    /// Scheme and authority of the route as clients know them.
    package var publicOrigin: String

    package init(
      isRequired: Bool, algorithms: [JWSAlgorithm], maxAge: Int64, clockSkew: Int64, publicOrigin: String
    ) {
      self.isRequired = isRequired
      self.algorithms = algorithms
      self.maxAge = maxAge
      self.clockSkew = clockSkew
      self.publicOrigin = publicOrigin
    }
  }

  let settings: Settings
  private let nonces: ProofNonces?
  private let memory: ProofMemory

  /// - Parameter nonces: nil: proofs need no nonce.
  package init(_ settings: Settings, nonces: ProofNonces?) {
    self.settings = settings
    self.nonces = nonces
    // Half a window more on either side: clocks differ.
    memory = ProofMemory(window: settings.maxAge + 2 * settings.clockSkew)
  }

  /// What a client is given to put into its next proof.
  var nonce: String? { nonces?.current(now: Loop.unixTime) }

  /// The thumbprint of the key that the proof of this request was made with.
  func keyThumbprint(of exchange: Exchange, token: ByteView) throws(ProofFault) -> [UInt8] {
    let fields = exchange.request.fields
    guard let index = fields.firstIndex(of: .dpop) else { throw .missing }
    guard fields.firstIndex(of: .dpop, from: index + 1) == nil else { throw .repeated }
    let now = Loop.unixTime
    guard let target = HTTPTarget.normalized(settings.publicOrigin + exchange.request.originalPath.text) else {
      throw .wrongTarget
    }
    let proof = try DPoPProof(
      fields.value(index),
      DPoPProof.Expectation(
        method: exchange.request.methodName.text, target: target, token: token, algorithms: settings.algorithms,
        maxAge: settings.maxAge, clockSkew: settings.clockSkew, now: now))
    if let nonces {
      guard let nonce = proof.nonce, nonces.accepts(nonce, now: now) else { throw .nonceNeeded }
    }
    guard memory.remember(proof, now: now) else { throw .replayed }
    return proof.keyThumbprint
  }
}
