package import Bytes
internal import COpenSSL

/// One public key, bound to the one algorithm it may verify (RFC 8725 §3.1). Confined to its loop.
package final class PublicKey {
  package let kid: String?
  package let algorithm: JWSAlgorithm

  private let key: OpaquePointer
  /// Prepared for this key and digest; each verification starts from a copy of it.
  private let template: OpaquePointer
  private let scratch: OpaquePointer
  private let signatureLength: Int

  /// Takes over the EVP_PKEY, also when it throws.
  init(adopting key: OpaquePointer, kid: String?, algorithm: JWSAlgorithm) throws(CryptoFailure) {
    let contexts = (template: EVP_MD_CTX_new(), scratch: EVP_MD_CTX_new())
    guard let template = contexts.template, let scratch = contexts.scratch,
      EVP_DigestVerifyInit_ex(template, nil, algorithm.traits.digest, nil, nil, key, nil) == 1
    else {
      EVP_MD_CTX_free(contexts.scratch)
      EVP_MD_CTX_free(contexts.template)
      EVP_PKEY_free(key)
      throw CryptoFailure("verification context")
    }
    self.kid = kid
    self.algorithm = algorithm
    self.key = key
    self.template = template
    self.scratch = scratch
    signatureLength =
      switch algorithm.traits.key {
      case .rsa, .octet: Int(EVP_PKEY_get_size(key))
      case .elliptic(_, _, let coordinate): 2 * coordinate
      }
  }

  deinit {
    EVP_MD_CTX_free(scratch)
    EVP_MD_CTX_free(template)
    EVP_PKEY_free(key)
  }

  /// Whether `signature`, in the form JWS gives it, is this key's signature of `message`.
  package func verify(_ signature: ByteView, over message: ByteView) -> Bool {
    guard signature.count == signatureLength else { return false }
    guard case .elliptic(_, _, let coordinate) = algorithm.traits.key else {
      return verifyNative(signature, over: message)
    }
    guard let der = ECDSASignature.der(signature, coordinate: coordinate) else { return false }
    return der.withUnsafeBytes { verifyNative($0, over: message) }
  }

  private func verifyNative(_ signature: ByteView, over message: ByteView) -> Bool {
    let isValid =
      EVP_MD_CTX_copy_ex(scratch, template) == 1
      && EVP_DigestVerify(
        scratch, signature.baseAddress?.assumingMemoryBound(to: UInt8.self), signature.count,
        message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
    // A failure leaves entries in the thread's queue, which the next TLS call would take for its own.
    if !isValid { ERR_clear_error() }
    return isValid
  }
}
