internal import COpenSSL

/// Reads private keys in PEM: PKCS #8, and the older forms of RSA and EC keys.
enum PrivateKeyPEM {
  private static let lowestRSABits: Int32 = 2048

  /// - Parameter wanted: the algorithm to sign with; nil for the usual one of the key.
  /// - Returns: an EVP_PKEY, the caller's to free, and an algorithm that fits it.
  static func read(
    _ text: [UInt8], for wanted: JWSAlgorithm?
  ) throws(SigningKeyError) -> (key: OpaquePointer, algorithm: JWSAlgorithm) {
    let key = try key(text)
    do throws(SigningKeyError) {
      let fitting = try algorithms(of: key)
      guard let wanted = wanted ?? fitting.first else { throw .noPrivateKey }
      guard fitting.contains(wanted) else { throw .otherAlgorithm(wanted) }
      return (key, wanted)
    } catch {
      EVP_PKEY_free(key)
      throw error
    }
  }

  private static func key(_ text: [UInt8]) throws(SigningKeyError) -> OpaquePointer {
    var isEncrypted = false
    let key = text.withUnsafeBytes { text -> OpaquePointer? in
      guard let source = BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count)) else { return nil }
      defer { BIO_free(source) }
      return withUnsafeMutablePointer(to: &isEncrypted) {
        PEM_read_bio_PrivateKey(source, nil, refusePassword, $0)
      }
    }
    ERR_clear_error()
    guard let key else { throw isEncrypted ? .encrypted : .noPrivateKey }
    return key
  }

  /// Without this OpenSSL would ask on the terminal. The last parameter is told that it was asked.
  private static let refusePassword:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
      _, _, _, wasAsked in
      wasAsked?.assumingMemoryBound(to: Bool.self).pointee = true
      return -1
    }

  /// The algorithms the key can sign with; the first is the usual one.
  private static func algorithms(of key: OpaquePointer) throws(SigningKeyError) -> [JWSAlgorithm] {
    let type = EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown"
    switch type {
    case "RSA":
      let bits = EVP_PKEY_get_bits(key)
      guard bits >= lowestRSABits else { throw .tooWeak(bits: Int(bits)) }
      return [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
    case "EC":
      let group = group(of: key)
      for algorithm in JWSAlgorithm.allCases {
        if case .elliptic(_, let name, _) = algorithm.traits.key, group == "\(name)" { return [algorithm] }
      }
      throw .unsupportedKey("EC \(group)")
    case "ED25519": return [.edDSA]
    default: throw .unsupportedKey(type)
    }
  }

  private static func group(of key: OpaquePointer) -> String {
    var name = [CChar](repeating: 0, count: 64)
    guard EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1 else {
      ERR_clear_error()
      return "without a name"
    }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
