internal import Bytes
internal import COpenSSL
internal import JOSE

/// What a signature check costs when nothing else is done: OpenSSL's verification of bytes that lie ready, with
/// everything that can be kept made before. The digest of the message is part of it.
final class BareVerification {
  private let algorithm: JWSAlgorithm
  private let key: BenchmarkKey
  private let digest: OpaquePointer?
  private let digestContext: OpaquePointer
  /// RSA and ECDSA.
  private let keyContext: OpaquePointer?
  /// Ed25519: a check starts from a copy.
  private let template: OpaquePointer?

  init(_ algorithm: JWSAlgorithm, _ key: BenchmarkKey) throws(BenchmarkFailure) {
    self.algorithm = algorithm
    self.key = key
    digestContext = try unwrap(EVP_MD_CTX_new(), "a context")
    guard let name = algorithm.digestName else {
      digest = nil
      keyContext = nil
      template = try unwrap(EVP_MD_CTX_new(), "a context")
      try check(EVP_DigestVerifyInit_ex(template, nil, nil, nil, nil, key.publicKey, nil), "start a check")
      return
    }
    template = nil
    digest = try unwrap(EVP_MD_fetch(nil, name, nil), "a digest")
    keyContext = try unwrap(EVP_PKEY_CTX_new_from_pkey(nil, key.publicKey, nil), "a context")
    try check(EVP_PKEY_verify_init(keyContext), "start a check")
    if case .rsa(let isPSS) = algorithm.family {
      let padding = isPSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING
      try check(EVP_PKEY_CTX_set_rsa_padding(keyContext, padding), "set the padding")
      if isPSS { try check(EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST), "set the salt") }
    }
    try check(EVP_PKEY_CTX_set_signature_md(keyContext, digest), "set the digest")
  }

  deinit {
    EVP_MD_CTX_free(template)
    EVP_PKEY_CTX_free(keyContext)
    EVP_MD_free(digest)
    EVP_MD_CTX_free(digestContext)
  }

  func accepts(_ signature: [UInt8], over message: ArraySlice<UInt8>) -> Bool {
    message.withUnsafeBufferPointer { message in
      if let template {
        return EVP_MD_CTX_copy_ex(digestContext, template) == 1
          && EVP_DigestVerify(digestContext, signature, signature.count, message.baseAddress, message.count) == 1
      }
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { value in
        var length: UInt32 = 0
        return EVP_DigestInit_ex2(digestContext, digest, nil) == 1
          && EVP_DigestUpdate(digestContext, message.baseAddress, message.count) == 1
          && EVP_DigestFinal_ex(digestContext, value.baseAddress, &length) == 1
          && EVP_PKEY_verify(keyContext, signature, signature.count, value.baseAddress, Int(length)) == 1
      }
    }
  }

  /// The form in which OpenSSL wants the signature of a JWS: DER for ECDSA.
  static func native(_ signature: [UInt8], _ algorithm: JWSAlgorithm) throws -> [UInt8] {
    guard case .ecdsa(_, let coordinate) = algorithm.family else { return signature }
    let pair = try unwrap(ECDSA_SIG_new(), "a signature")
    defer { ECDSA_SIG_free(pair) }
    let r = BN_bin2bn(signature, Int32(coordinate), nil)
    let s = BN_bin2bn(Array(signature[coordinate...]), Int32(coordinate), nil)
    try check(ECDSA_SIG_set0(pair, r, s), "put a signature together")
    var encoded: UnsafeMutablePointer<UInt8>?
    let length = i2d_ECDSA_SIG(pair, &encoded)
    defer { CRYPTO_free(encoded, #file, #line) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: Int(length)))
  }
}
