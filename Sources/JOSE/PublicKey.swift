package import Bytes

/// One public key, bound to the one algorithm it may verify (RFC 8725 §3.1). Confined to its loop.
package final class PublicKey {
  package let kid: String?
  package let algorithm: JWSAlgorithm

  private let material: KeyMaterial
  private let signatureLength: Int
  /// Made for the first signature: one RSA key of a set stands for six algorithms, of which one is used.
  private var verification: Verification?

  /// - Parameter material: of the kind that `algorithm` needs.
  init(_ material: KeyMaterial, kid: String?, algorithm: JWSAlgorithm) {
    self.material = material
    self.kid = kid
    self.algorithm = algorithm
    signatureLength =
      switch algorithm.traits.key {
      case .rsa, .octet: material.signatureLength
      case .elliptic(_, _, let coordinate): 2 * coordinate
      }
  }

  /// The SHA-256 thumbprint of RFC 7638 (32 bytes): the same for every algorithm and key ID that this key
  /// goes by.
  package var thumbprint: [UInt8] { material.thumbprint }

  /// Whether `signature`, in the form JWS gives it, is this key's signature of `message`.
  package func verify(_ signature: ByteView, over message: ByteView) -> Bool {
    guard signature.count == signatureLength else { return false }
    if verification == nil { verification = Verification(material, algorithm) }
    return verification?.accepts(signature, over: message) ?? false
  }
}
