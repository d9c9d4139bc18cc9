internal import COpenSSL
internal import JOSE

/// A key pair made by OpenSSL. Both sides get it in its standard encodings: the gateway's code to sign with and, as a
/// JWK, to check by; OpenSSL alone to check by.
final class BenchmarkKey {
  let signer: SigningKey
  /// The EVP_PKEY of the public half.
  let publicKey: OpaquePointer

  private static let rsaBits: Int32 = 2048

  init(_ algorithm: JWSAlgorithm) throws {
    let pair = try Self.generate(algorithm.family)
    defer { EVP_PKEY_free(pair) }
    let pem = try Self.pem(pair)
    signer = try SigningKey.load(pem: pem, kid: "signing-key-of-\(algorithm.rawValue)", algorithm: algorithm)
    publicKey = try Self.publicHalf(of: pair)
  }

  deinit { EVP_PKEY_free(publicKey) }

  private static func generate(_ family: JWSAlgorithm.Family) throws -> OpaquePointer {
    let name =
      switch family {
      case .rsa: "RSA"
      case .ecdsa: "EC"
      case .ed25519: "ED25519"
      }
    let context = try unwrap(EVP_PKEY_CTX_new_from_name(nil, name, nil), "a context to make keys")
    defer { EVP_PKEY_CTX_free(context) }
    try check(EVP_PKEY_keygen_init(context), "start to make a key")
    switch family {
    case .rsa: try check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, rsaBits), "set the size of a key")
    case .ecdsa(let group, _): try check(EVP_PKEY_CTX_set_group_name(context, group), "set the curve of a key")
    case .ed25519: break
    }
    var key: OpaquePointer?
    try check(EVP_PKEY_generate(context, &key), "make a key")
    return try unwrap(key, "a key")
  }

  private static func pem(_ key: OpaquePointer) throws -> [UInt8] {
    let output = try unwrap(BIO_new(BIO_s_mem()), "memory")
    defer { BIO_free(output) }
    try check(PEM_write_bio_PrivateKey(output, key, nil, nil, 0, nil, nil), "write a key")
    var text = [UInt8](repeating: 0, count: Int(BIO_ctrl_pending(output)))
    try check(BIO_read(output, &text, Int32(text.count)) == Int32(text.count) ? 1 : 0, "read a key")
    return text
  }

  private static func publicHalf(of key: OpaquePointer) throws -> OpaquePointer {
    var encoded: UnsafeMutablePointer<UInt8>?
    let length = i2d_PUBKEY(key, &encoded)
    defer { CRYPTO_free(encoded, #file, #line) }
    var next = UnsafePointer(encoded)
    return try unwrap(d2i_PUBKEY(nil, &next, Int(length)), "a public key")
  }
}
