package import Bytes
internal import JSON

/// A proof that whoever sends a request has the key that the token is bound to (RFC 9449 §4).
package struct DPoPProof {
  /// What a proof must say to belong to a request.
  package struct Expectation {
    package var method: String
    /// The URL of the request as clients know it, as ``HTTPTarget`` writes it.
    package var target: String
    package var token: ByteView
    package var algorithms: [JWSAlgorithm]
    /// Seconds that `iat` may lie back, and that clocks may differ.
    package var maxAge: Int64
    package var clockSkew: Int64
    /// Seconds since 1970.
    package var now: Int64

    package init(
      method: String, target: String, token: ByteView, algorithms: [JWSAlgorithm], maxAge: Int64, clockSkew: Int64,
      now: Int64
    ) {
      self.method = method
      self.target = target
      self.token = token
      self.algorithms = algorithms
      self.maxAge = maxAge
      self.clockSkew = clockSkew
      self.now = now
    }
  }

  private static let longest = 4 * 1024

  /// RFC 7638 thumbprint of the key that made it.
  package let keyThumbprint: [UInt8]
  /// The nonce of the server it repeats, if it does.
  package let nonce: String?
  /// Stands for this very proof, to recognise it when it comes again.
  package let fingerprint: [UInt8]

  /// Checks everything but the nonce and whether it has been used before.
  package init(_ proof: ByteView, _ expected: Expectation) throws(ProofFault) {
    guard proof.count <= Self.longest, let jws = try? CompactJWS(proof), jws.header.isDPoPProof,
      let claims = try? CompactJWS.object(jws.payload, .malformed)
    else {
      throw .malformed
    }
    guard expected.algorithms.contains(jws.header.algorithm) else { throw .unsupportedAlgorithm }
    func text(_ name: String) -> String? { claims[name]?.stringValue }
    guard let identifier = text("jti"), !identifier.isEmpty, let method = text("htm"), let target = text("htu"),
      let issued = claims["iat"]?.integerValue, let tokenDigest = text("ath")
    else { throw .malformed }
    guard method.hasSameBytes(as: expected.method) else { throw .wrongMethod }
    guard HTTPTarget.normalized(target)?.hasSameBytes(as: expected.target) == true else { throw .wrongTarget }
    guard !Deadline.isAhead(issued, skew: expected.clockSkew, now: expected.now),
      !Deadline.isPast(issued, skew: expected.maxAge + expected.clockSkew, now: expected.now)
    else { throw .stale }
    let digest = Digest.sha256([UInt8](expected.token))
    guard !digest.isEmpty, tokenDigest.hasSameBytes(as: Base64URL.encode(digest)) else { throw .wrongToken }
    guard let members = jws.header.members["jwk"]?.objectValue,
      let key = try? JWK.publicKey(embedded: members, algorithm: jws.header.algorithm)
    else { throw .badKey }
    guard jws.signer(of: proof, among: [key]) != nil else { throw .badSignature }
    keyThumbprint = key.thumbprint
    nonce = text("nonce")
    fingerprint = Digest.sha256(key.thumbprint + [UInt8](identifier.utf8))
  }
}
