import Bytes
import COpenSSL
import JOSE
import JSON

/// An RSA key that signs in ways that our own signer does not.
final class ForeignSigner {
  nonisolated(unsafe) static let rsa = ForeignSigner()

  let algorithms: [JWSAlgorithm] = [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
  private let key = TestPEM.generate("RSA")

  /// Without `alg` and `kid`.
  var publicJWK: JSONValue {
    ["kty": "RSA", "n": .string(number(OSSL_PKEY_PARAM_RSA_N)), "e": .string(number(OSSL_PKEY_PARAM_RSA_E))]
  }

  private func number(_ name: String) -> String {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1 else { return "" }
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    BN_bn2bin(number, &bytes)
    return Base64URL.encode(bytes)
  }

  /// - Parameters:
  ///   - salt: of PSS, in bytes; nil for the length of the digest.
  ///   - mask: the digest of MGF1; nil for that of the message.
  func sign(_ message: String, _ algorithm: JWSAlgorithm, salt: Int32? = nil, mask: String? = nil) throws -> [UInt8] {
    let name = algorithm.rawValue
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var parameters: OpaquePointer?
    try require(EVP_DigestSignInit_ex(context, &parameters, "SHA\(name.suffix(3))", nil, nil, key, nil))
    if name.hasPrefix("PS") {
      try require(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING))
      try require(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt ?? RSA_PSS_SALTLEN_DIGEST))
      if let mask { try require(EVP_PKEY_CTX_set_rsa_mgf1_md_name(parameters, mask, nil)) }
    }
    var signature = [UInt8](repeating: 0, count: 256)
    var length = signature.count
    let bytes = [UInt8](message.utf8)
    try require(EVP_DigestSign(context, &signature, &length, bytes, bytes.count))
    return signature
  }

  private func require(_ result: Int32) throws {
    guard result == 1 else { throw TestFailure.openSSL }
  }
}
