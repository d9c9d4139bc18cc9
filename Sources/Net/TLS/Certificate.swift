import Bytes
import COpenSSL
import Glibc

/// One X.509 certificate.
final class Certificate {
  let raw: OpaquePointer

  /// Takes over the handle.
  init(owning raw: OpaquePointer) { self.raw = raw }

  deinit { X509_free(raw) }

  /// All certificates of a PEM file, in its order; at least one.
  static func read(_ path: String) throws(TLSFault) -> [Certificate] {
    let file = try TLSFile(path)
    var found: [Certificate] = []
    let isWhole = file.withBIO { bio in
      while let raw = PEM_read_bio_X509(bio, nil, PrivateKey.refusePassword, nil) {
        found.append(Certificate(owning: raw))
      }
      let last = ERR_peek_last_error()
      return pc_error_library(last) == ERR_LIB_PEM && pc_error_reason(last) == PEM_R_NO_START_LINE
    }
    guard isWhole else {
      throw .openSSL(path, "its certificate number \(found.count + 1) is broken", "replace the file by an intact one")
    }
    ERR_clear_error()
    guard !found.isEmpty else {
      throw TLSFault(
        file: path, what: "holds no certificate",
        remedy: "give a PEM file; a DER file is converted by: openssl x509 -inform der -in FILE -out FILE.pem")
    }
    return found
  }

  func matches(_ key: PrivateKey) -> Bool {
    defer { ERR_clear_error() }
    return X509_check_private_key(raw, key.raw) == 1
  }

  func isIssued(by issuer: Certificate) -> Bool { X509_check_issued(issuer.raw, raw) == X509_V_OK }

  // MARK: What it says

  /// The names it is for: DNS names in lower case, and address literals.
  var names: [String] {
    guard let list = X509_get_ext_d2i(raw, NID_subject_alt_name, nil, nil) else { return [] }
    let names = OpaquePointer(list)
    defer { GENERAL_NAMES_free(names) }
    return (0..<pc_general_names_count(names)).compactMap { Self.text(pc_general_name(names, $0)) }
  }

  private static func text(_ name: UnsafeMutablePointer<GENERAL_NAME>?) -> String? {
    var type: Int32 = 0
    guard let value = GENERAL_NAME_get0_value(name, &type) else { return nil }
    let string = value.assumingMemoryBound(to: ASN1_STRING.self)
    let bytes = ByteView(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
    switch type {
    case GEN_DNS: return String(decoding: bytes.map(ASCII.lowercased), as: UTF8.self)
    case GEN_IPADD: return address(bytes)
    default: return nil
    }
  }

  private static func address(_ bytes: ByteView) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: 64)
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// In seconds since 1970.
  var notBefore: Int64 { Self.unixTime(X509_get0_notBefore(raw)) ?? 0 }
  var notAfter: Int64 { Self.unixTime(X509_get0_notAfter(raw)) ?? 0 }

  static func unixTime(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return Int64(timegm(&parts))
  }

  /// In hexadecimal digits.
  var serial: String {
    guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(raw), nil) else { return "" }
    defer { BN_free(number) }
    guard let digits = BN_bn2hex(number) else { return "" }
    defer { CRYPTO_free(digits, nil, 0) }
    return String(cString: digits).lowercased()
  }

  /// The algorithm, and its size or curve: `RSA 2048`, `EC P-256`, `ED25519`.
  var keyType: String { X509_get0_pubkey(raw).map { PrivateKey.type(of: $0) } ?? "unknown" }

  /// The subject as RFC 2253 writes it, in UTF-8.
  var subject: [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { return [] }
    defer { BIO_free(bio) }
    guard X509_NAME_print_ex(bio, X509_get_subject_name(raw), 0, pc_name_flags()) >= 0 else { return [] }
    var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
    let count = BIO_read(bio, &text, Int32(truncatingIfNeeded: text.count))
    return [UInt8](text.prefix(max(0, Int(count))))
  }

  /// Of the DER encoding: the `x5t#S256` of RFC 8705 §3.1.
  var sha256: [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    guard X509_digest(raw, EVP_sha256(), &digest, &length) == 1, length == 32 else { return [] }
    return digest
  }
}
