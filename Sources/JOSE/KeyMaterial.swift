internal import Bytes
internal import COpenSSL
internal import JSON

/// OpenSSL's form of a public key, built from the numbers of a JWK. Shared by all algorithms that the key
/// may be used with.
final class KeyMaterial {
  let key: OpaquePointer
  /// See ``PublicKey/thumbprint``.
  let thumbprint: [UInt8]

  /// RFC 7518 §3.3: 2048 bits or more. The upper bound keeps one verification below a millisecond.
  private static let rsaBits: ClosedRange<Int32> = 2048...8192
  private static let longestExponent = 8

  /// Takes over the EVP_PKEY.
  ///
  /// - Parameter numbers: what defines the key, as JWK names it.
  private init(adopting key: OpaquePointer, _ kind: JWSAlgorithm.KeyKind, _ numbers: [(String, [UInt8])]) {
    self.key = key
    var members: JSONObject = ["kty": .string(kind.kty)]
    if let crv = kind.crv { members["crv"] = .string(crv) }
    for (name, bytes) in numbers { members[name] = .string(Base64URL.encode(bytes)) }
    thumbprint = KeyThumbprint.sha256(members)
  }

  deinit { EVP_PKEY_free(key) }

  /// Bytes of a signature as OpenSSL makes it: for RSA those of the modulus.
  var signatureLength: Int { Int(EVP_PKEY_get_size(key)) }

  /// Reads the public members of a JWK.
  static func read(
    _ kind: JWSAlgorithm.KeyKind, _ members: JSONObject
  ) throws(SkippedKey.Reason) -> KeyMaterial {
    switch kind {
    case .rsa:
      // RFC 7518 §6.3.1.1 forbids leading zeros, yet some providers write one.
      let n = [UInt8](try bytes(members, "n").drop { $0 == 0 })
      let e = [UInt8](try bytes(members, "e").drop { $0 == 0 })
      return KeyMaterial(adopting: try rsa(modulus: n, exponent: e), kind, [("n", n), ("e", e)])
    case .elliptic(_, let group, let coordinate):
      let x = try bytes(members, "x", length: coordinate)
      let y = try bytes(members, "y", length: coordinate)
      return KeyMaterial(adopting: try elliptic(group: group, x: x, y: y), kind, [("x", x), ("y", y)])
    case .octet(_, let name, let length):
      let x = try bytes(members, "x", length: length)
      return KeyMaterial(adopting: try octet(name: name, x: x), kind, [("x", x)])
    }
  }

  private static func bytes(
    _ members: JSONObject, _ name: String, length: Int? = nil
  ) throws(SkippedKey.Reason) -> [UInt8] {
    guard let text = try JWK.text(members, name), let bytes = Base64URL.decode(text), !bytes.isEmpty,
      length == nil || bytes.count == length
    else { throw .malformedMember }
    return bytes
  }

  private static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(SkippedKey.Reason) -> OpaquePointer {
    guard exponent.count <= longestExponent else { throw .invalidKey }
    guard let n = BN_bin2bn(modulus, Int32(modulus.count), nil) else { throw .invalidKey }
    defer { BN_free(n) }
    guard let e = BN_bin2bn(exponent, Int32(exponent.count), nil) else { throw .invalidKey }
    defer { BN_free(e) }
    guard BN_num_bits(n) >= rsaBits.lowerBound else { throw .tooWeak }
    guard BN_num_bits(n) <= rsaBits.upperBound, BN_is_odd(n) == 1, BN_is_odd(e) == 1, BN_num_bits(e) > 1
    else {
      throw .invalidKey
    }
    let key = build("RSA") { builder in
      OSSL_PARAM_BLD_push_BN(builder, pc_param_rsa_n(), n) == 1
        && OSSL_PARAM_BLD_push_BN(builder, pc_param_rsa_e(), e) == 1
    }
    guard let key else { throw .invalidKey }
    return key
  }

  /// OpenSSL refuses a point that is not on the curve.
  private static func elliptic(
    group: StaticString, x: [UInt8], y: [UInt8]
  ) throws(SkippedKey.Reason) -> OpaquePointer {
    let uncompressedPoint: [UInt8] = [0x04] + x + y
    // The builder keeps references, so the point stays lent until the key is there.
    let key = uncompressedPoint.withUnsafeBytes { point in
      build("EC") { builder in
        OSSL_PARAM_BLD_push_utf8_string(builder, pc_param_group(), group.cString, 0) == 1
          && OSSL_PARAM_BLD_push_octet_string(builder, pc_param_public_key(), point.baseAddress, point.count)
            == 1
      }
    }
    guard let key else { throw .invalidKey }
    return key
  }

  /// OpenSSL takes any 32 bytes for an Ed25519 key, also those for which anybody can sign.
  private static func octet(name: String, x: [UInt8]) throws(SkippedKey.Reason) -> OpaquePointer {
    guard !Ed25519Point.isWeak(x) else { throw .invalidKey }
    guard let key = EVP_PKEY_new_raw_public_key_ex(nil, name, nil, x, x.count) else {
      ERR_clear_error()
      throw .invalidKey
    }
    return key
  }

  private static func build(_ type: String, _ push: (OpaquePointer) -> Bool) -> OpaquePointer? {
    defer { ERR_clear_error() }
    guard let builder = OSSL_PARAM_BLD_new() else { return nil }
    defer { OSSL_PARAM_BLD_free(builder) }
    guard push(builder), let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
    defer { OSSL_PARAM_free(parameters) }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_fromdata_init(context) == 1,
      EVP_PKEY_fromdata(context, &key, pc_evp_public_key(), parameters) == 1
    else { return nil }
    return key
  }
}

extension StaticString {
  /// The text as OpenSSL wants names, valid for ever.
  var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
