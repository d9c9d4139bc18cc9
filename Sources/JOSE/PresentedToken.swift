package import Bytes

/// A token that somebody has presented, taken apart and well-formed, and not trusted yet. Lent like its bytes.
package struct PresentedToken {
  package let bytes: ByteView
  let jws: CompactJWS
  let claims: Claims

  /// - Parameter memory: of headers that were read before.
  /// - Throws: what no policy could ever accept about its form.
  package init(_ bytes: ByteView, _ memory: HeaderMemory? = nil) throws(TokenFault) {
    self.bytes = bytes
    jws = try CompactJWS(bytes, memory)
    claims = try jws.claims()
  }

  /// Who says to have issued it: what chooses the keys that it is checked with.
  package var issuer: String? { claims.issuer }

  package func isIssued(for verifier: TokenVerifier) -> Bool { claims.isIssued(by: verifier.policy.issuer) }

  /// The key that made the signature.
  func signer(among keys: ArraySlice<PublicKey>) -> PublicKey? { jws.signer(of: bytes, among: keys) }
}
