internal import Bytes
internal import COpenSSL

/// OpenSSL's contexts for checking signatures with one key by one algorithm: made once, so that a check
/// allocates nothing of its own.
final class Verification {
  private enum Contexts {
    /// RSA and ECDSA: the context checks digests and stays as it was set up.
    case digest(MessageDigest, OpaquePointer)
    /// Ed25519 reads the message itself; each check starts from a copy of the template.
    case message(template: OpaquePointer, scratch: OpaquePointer)
  }

  private let contexts: Contexts
  /// Of ECDSA; nil for other algorithms.
  private let coordinate: Int?
  /// The contexts refer to it.
  private let material: KeyMaterial

  /// - Returns: nil when OpenSSL has no memory, or no use for such a key.
  init?(_ material: KeyMaterial, _ algorithm: JWSAlgorithm) {
    let traits = algorithm.traits
    let made =
      traits.digest.map { Self.digestContexts(material.key, $0, traits) } ?? Self.messageContexts(material.key)
    guard let made else {
      ERR_clear_error()
      return nil
    }
    contexts = made
    self.material = material
    coordinate = if case .elliptic(_, _, let coordinate) = traits.key { coordinate } else { nil }
  }

  private static func digestContexts(
    _ key: OpaquePointer, _ name: String, _ traits: JWSAlgorithm.Traits
  ) -> Contexts? {
    guard let digest = MessageDigest(name), let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else {
      return nil
    }
    guard EVP_PKEY_verify_init(context) == 1, traits.configure(context),
      EVP_PKEY_CTX_set_signature_md(context, digest.algorithm) == 1
    else {
      EVP_PKEY_CTX_free(context)
      return nil
    }
    return .digest(digest, context)
  }

  private static func messageContexts(_ key: OpaquePointer) -> Contexts? {
    let contexts = (template: EVP_MD_CTX_new(), scratch: EVP_MD_CTX_new())
    guard let template = contexts.template, let scratch = contexts.scratch,
      EVP_DigestVerifyInit_ex(template, nil, nil, nil, nil, key, nil) == 1
    else {
      EVP_MD_CTX_free(contexts.scratch)
      EVP_MD_CTX_free(contexts.template)
      return nil
    }
    return .message(template: template, scratch: scratch)
  }

  deinit {
    switch contexts {
    case .digest(_, let context): EVP_PKEY_CTX_free(context)
    case .message(let template, let scratch):
      EVP_MD_CTX_free(scratch)
      EVP_MD_CTX_free(template)
    }
  }

  /// Whether `signature`, in the form JWS gives it, is one of `message`.
  func accepts(_ signature: ByteView, over message: ByteView) -> Bool {
    let isValid =
      if let coordinate {
        ECDSASignature.withDER(signature, coordinate: coordinate) { check($0, message) }
      } else {
        check(signature, message)
      }
    // A failure leaves entries in the thread's queue, which the next TLS call would take for its own.
    if !isValid { ERR_clear_error() }
    return isValid
  }

  private func check(_ signature: ByteView, _ message: ByteView) -> Bool {
    let bytes = signature.baseAddress?.assumingMemoryBound(to: UInt8.self)
    switch contexts {
    case .digest(let digest, let context):
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: MessageDigest.longest) { value in
        digest.digest(message, into: value.baseAddress)
          && EVP_PKEY_verify(context, bytes, signature.count, value.baseAddress, digest.length) == 1
      }
    case .message(let template, let scratch):
      return EVP_MD_CTX_copy_ex(scratch, template) == 1
        && EVP_DigestVerify(
          scratch, bytes, signature.count, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count)
          == 1
    }
  }
}
