internal import Bytes
internal import COpenSSL
package import JSON

/// A private key that signs tokens: for the embedded identity provider, for assertions of our own
/// (`private_key_jwt`) and for tests. Lives in memory only.
package final class SigningKey {
  package let algorithm: JWSAlgorithm
  /// Stands in the header of what is signed, where there is one.
  package let kid: String?
  /// The public half as a JSON Web Key (RFC 7517 §4).
  package let publicJWK: JSONValue

  private let key: OpaquePointer

  /// Makes a new key on the algorithm's curve, or for RSA with `bits` bits.
  package static func generate(
    _ algorithm: JWSAlgorithm, kid: String?, bits: Int32 = 2048
  ) throws(CryptoFailure) -> SigningKey {
    try SigningKey(adopting: generate(algorithm.traits.key, bits: bits), kid: kid, algorithm: algorithm)
  }

  /// Reads a private key in PEM.
  ///
  /// - Parameter algorithm: when nil, the usual one of the key: RS256, ES256, ES384, ES512 or EdDSA.
  package static func load(
    pem: [UInt8], kid: String?, algorithm: JWSAlgorithm? = nil
  ) throws(SigningKeyError) -> SigningKey {
    let (key, usual) = try PrivateKeyPEM.read(pem, for: algorithm)
    do throws(CryptoFailure) {
      let signer = try SigningKey(adopting: key, kid: kid, algorithm: usual)
      // A key that cannot sign is found now, not with the first request.
      _ = try signer.signature(of: [])
      return signer
    } catch {
      throw .library(error)
    }
  }

  /// Takes over the EVP_PKEY, also when it throws.
  private init(adopting key: OpaquePointer, kid: String?, algorithm: JWSAlgorithm) throws(CryptoFailure) {
    do throws(CryptoFailure) {
      publicJWK = try Self.jwk(key, kid: kid, algorithm: algorithm)
    } catch {
      EVP_PKEY_free(key)
      throw error
    }
    self.key = key
    self.kid = kid
    self.algorithm = algorithm
  }

  deinit { EVP_PKEY_free(key) }

  /// A JWT in compact serialization with `alg`, `kid` and `typ` in its header.
  ///
  /// - Parameter header: further members; one of the same name replaces ours.
  package func sign(
    _ payload: JSONValue, type: String = "at+jwt", header: JSONObject = [:]
  ) throws(CryptoFailure) -> String {
    try sign(bytes: payload.serialized(), type: type, header: header)
  }

  /// A JWS of any content, see ``sign(_:type:header:)``.
  package func sign(
    bytes payload: [UInt8], type: String = "at+jwt", header: JSONObject = [:]
  ) throws(CryptoFailure) -> String {
    var members: JSONObject = ["alg": .string(algorithm.rawValue)]
    members["kid"] = kid.map { .string($0) }
    members["typ"] = .string(type)
    for member in header.members { members[member.name] = member.value }
    let signed =
      Base64URL.encode(JSONValue.object(members).serialized()) + "." + Base64URL.encode(payload)
    return signed + "." + Base64URL.encode(try signature(of: [UInt8](signed.utf8)))
  }

  /// The bare signature in the form JWS gives it (RFC 7518 §3.3, §3.4; RFC 8037 §3.1).
  package func signature(of message: [UInt8]) throws(CryptoFailure) -> [UInt8] {
    let context = try CryptoFailure.unwrap(EVP_MD_CTX_new(), "signing context")
    defer { EVP_MD_CTX_free(context) }
    let traits = algorithm.traits
    var parameters: OpaquePointer?
    guard EVP_DigestSignInit_ex(context, &parameters, traits.digest, nil, nil, key, nil) == 1,
      traits.configure(parameters)
    else { throw CryptoFailure("signing context") }
    var length = 0
    try CryptoFailure.check(EVP_DigestSign(context, nil, &length, message, message.count), "signature length")
    var signature = [UInt8](repeating: 0, count: length)
    try CryptoFailure.check(
      EVP_DigestSign(context, &signature, &length, message, message.count), "signature")
    signature.removeLast(signature.count - length)
    guard case .elliptic(_, _, let coordinate) = traits.key else { return signature }
    return try CryptoFailure.unwrap(
      ECDSASignature.concatenated(signature, coordinate: coordinate), "signature encoding")
  }
}

extension SigningKey {
  private static func generate(
    _ kind: JWSAlgorithm.KeyKind, bits: Int32
  ) throws(CryptoFailure) -> OpaquePointer {
    let name =
      switch kind {
      case .rsa: "RSA"
      case .elliptic: "EC"
      case .octet(_, let name, _): name
      }
    let context = try CryptoFailure.unwrap(EVP_PKEY_CTX_new_from_name(nil, name, nil), "key generation")
    defer { EVP_PKEY_CTX_free(context) }
    try CryptoFailure.check(EVP_PKEY_keygen_init(context), "key generation")
    switch kind {
    case .rsa: try CryptoFailure.check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits), "key size")
    case .elliptic(_, let group, _):
      try CryptoFailure.check(EVP_PKEY_CTX_set_group_name(context, group.cString), "curve")
    case .octet: break
    }
    var key: OpaquePointer?
    try CryptoFailure.check(EVP_PKEY_generate(context, &key), "key generation")
    return try CryptoFailure.unwrap(key, "key generation")
  }

  private static func jwk(
    _ key: OpaquePointer, kid: String?, algorithm: JWSAlgorithm
  ) throws(CryptoFailure) -> JSONValue {
    let kind = algorithm.traits.key
    var jwk: JSONObject = [
      "kty": .string(kind.kty), "use": "sig", "alg": .string(algorithm.rawValue),
    ]
    jwk["kid"] = kid.map { .string($0) }
    if let crv = kind.crv { jwk["crv"] = .string(crv) }
    switch kind {
    case .rsa:
      jwk["n"] = .string(try number(key, OSSL_PKEY_PARAM_RSA_N))
      jwk["e"] = .string(try number(key, OSSL_PKEY_PARAM_RSA_E))
    case .elliptic(_, _, let coordinate):
      jwk["x"] = .string(try number(key, OSSL_PKEY_PARAM_EC_PUB_X, width: coordinate))
      jwk["y"] = .string(try number(key, OSSL_PKEY_PARAM_EC_PUB_Y, width: coordinate))
    case .octet(_, _, let length):
      var bytes = [UInt8](repeating: 0, count: length)
      var written = length
      try CryptoFailure.check(EVP_PKEY_get_raw_public_key(key, &bytes, &written), "public key")
      jwk["x"] = .string(Base64URL.encode(bytes))
    }
    return .object(jwk)
  }

  /// A number of the key as base64url, big-endian in `width` bytes or as few as it needs.
  private static func number(
    _ key: OpaquePointer, _ name: String, width: Int? = nil
  ) throws(CryptoFailure) -> String {
    var number: OpaquePointer?
    try CryptoFailure.check(EVP_PKEY_get_bn_param(key, name, &number), "public key")
    let value = try CryptoFailure.unwrap(number, "public key")
    defer { BN_free(value) }
    var bytes = [UInt8](repeating: 0, count: width ?? Int(BN_num_bits(value) + 7) / 8)
    guard BN_bn2binpad(value, &bytes, Int32(bytes.count)) == Int32(bytes.count) else {
      throw CryptoFailure("public key")
    }
    return Base64URL.encode(bytes)
  }
}
