internal import COpenSSL

/// HKDF with SHA-256 and without salt (RFC 5869): independent keys from one secret.
enum HKDF {
  /// - Parameter info: what the key is for.
  static func key(from secret: [UInt8], info: [UInt8], length: Int) throws(CryptoFailure) -> [UInt8] {
    let attempt: StaticString = "key derivation"
    let context = try CryptoFailure.unwrap(EVP_PKEY_CTX_new_from_name(nil, "HKDF", nil), attempt)
    defer { EVP_PKEY_CTX_free(context) }
    var key = [UInt8](repeating: 0, count: length)
    var count = length
    guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1,
      EVP_PKEY_CTX_set1_hkdf_key(context, secret, Int32(clamping: secret.count)) == 1,
      EVP_PKEY_CTX_add1_hkdf_info(context, info, Int32(clamping: info.count)) == 1,
      EVP_PKEY_derive(context, &key, &count) == 1, count == length
    else { throw CryptoFailure(attempt) }
    return key
  }
}
