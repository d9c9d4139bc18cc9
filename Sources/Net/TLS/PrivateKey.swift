import COpenSSL

/// The private key of a certificate.
final class PrivateKey {
  let raw: OpaquePointer

  /// RFC 9325 §4.5.
  private static let lowestRSABits: Int32 = 2048

  /// Reads an unencrypted PEM file.
  init(_ path: String) throws(TLSFault) {
    let file = try TLSFile(path)
    var isEncrypted = false
    let raw = file.withBIO { bio in
      withUnsafeMutablePointer(to: &isEncrypted) { PEM_read_bio_PrivateKey(bio, nil, Self.refusePassword, $0) }
    }
    guard let raw else {
      if isEncrypted {
        ERR_clear_error()
        throw TLSFault(
          file: path, what: "the private key is encrypted",
          remedy: "decrypt it: openssl pkey -in \(path) -out KEY.pem, readable by this process only")
      }
      throw .openSSL(path, "holds no private key that can be read", "give an unencrypted key in PEM")
    }
    self.raw = raw
    ERR_clear_error()
    if EVP_PKEY_get_base_id(raw) == EVP_PKEY_RSA, EVP_PKEY_get_bits(raw) < Self.lowestRSABits {
      throw TLSFault(
        file: path, what: "an RSA key of \(EVP_PKEY_get_bits(raw)) bits is too short",
        remedy: "use a key for EC P-256, or for RSA with at least \(Self.lowestRSABits) bits")
    }
  }

  deinit { EVP_PKEY_free(raw) }

  /// Without this OpenSSL would ask on the terminal. The last parameter, if any, is told that it was asked.
  static let refusePassword:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
      _, _, _, wasAsked in
      wasAsked?.assumingMemoryBound(to: Bool.self).pointee = true
      return -1
    }

  /// See ``Certificate/keyType``.
  static func type(of key: OpaquePointer) -> String {
    guard let name = EVP_PKEY_get0_type_name(key) else { return "unknown" }
    let algorithm = String(cString: name)
    switch algorithm {
    case "RSA", "RSA-PSS": return "\(algorithm) \(EVP_PKEY_get_bits(key))"
    case "EC":
      var curve = [CChar](repeating: 0, count: 64)
      guard EVP_PKEY_get_group_name(key, &curve, curve.count, nil) == 1 else { return algorithm }
      let group = String(decoding: curve.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      switch group {
      case "prime256v1": return "EC P-256"
      case "secp384r1": return "EC P-384"
      case "secp521r1": return "EC P-521"
      default: return "EC \(group)"
      }
    default: return algorithm
    }
  }
}
