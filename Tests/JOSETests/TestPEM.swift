import COpenSSL

/// Private keys as other tools write them.
enum TestPEM {
  /// - Parameter type: OpenSSL's name of a type of key or of a curve.
  static func generate(_ type: String, bits: Int32 = 2048) -> OpaquePointer? {
    let isCurve = type.hasPrefix("secp") || type.hasPrefix("prime")
    let context = EVP_PKEY_CTX_new_from_name(nil, isCurve ? "EC" : type, nil)
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_keygen_init(context) == 1 else { return nil }
    if isCurve { EVP_PKEY_CTX_set_group_name(context, type) }
    if type.hasPrefix("RSA") { EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) }
    var key: OpaquePointer?
    EVP_PKEY_generate(context, &key)
    return key
  }

  /// PKCS #8.
  static func modern(_ key: OpaquePointer?) -> [UInt8] {
    written { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
  }

  /// `RSA PRIVATE KEY` and `EC PRIVATE KEY`.
  static func traditional(_ key: OpaquePointer?) -> [UInt8] {
    written { PEM_write_bio_PrivateKey_traditional($0, key, nil, nil, 0, nil, nil) }
  }

  static func encrypted(_ key: OpaquePointer?) -> [UInt8] {
    written { PEM_write_bio_PrivateKey($0, key, EVP_aes_256_cbc(), [1, 2, 3, 4], 4, nil, nil) }
  }

  static func traditionalEncrypted(_ key: OpaquePointer?) -> [UInt8] {
    written { PEM_write_bio_PrivateKey_traditional($0, key, EVP_aes_256_cbc(), [1, 2, 3, 4], 4, nil, nil) }
  }

  static func publicHalf(_ key: OpaquePointer?) -> [UInt8] { written { PEM_write_bio_PUBKEY($0, key) } }

  private static func written(_ write: (OpaquePointer?) -> Int32) -> [UInt8] {
    let target = BIO_new(BIO_s_mem())
    defer { BIO_free(target) }
    guard write(target) == 1 else { return [] }
    var text = [UInt8](repeating: 0, count: 16 * 1024)
    let length = BIO_read(target, &text, Int32(text.count))
    return [UInt8](text.prefix(Int(max(length, 0))))
  }
}
