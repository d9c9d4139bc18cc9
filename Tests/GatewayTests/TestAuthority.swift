import COpenSSL
import Glibc
import Testing

@testable import Net

/// Files of one test, gone after it.
final class TestFiles {
  let path: String
  private var count = 0

  init() throws {
    var template = [CChar]("/tmp/portcullis-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for number in 0..<count { unlink("\(path)/\(number)") }
    rmdir(path)
  }

  /// Writes a new file. - Returns: its path.
  func write(_ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(count)"
    count += 1
    try replace(file, by: bytes)
    return file
  }

  func write(_ text: String) throws -> String { try write([UInt8](text.utf8)) }

  func replace(_ file: String, by bytes: [UInt8]) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
  }
}

/// A certificate with its key, made for a test, which can issue others.
final class TestAuthority {
  enum KeyKind { case ec, rsa(Int32) }

  let certificate: OpaquePointer
  let key: OpaquePointer
  private let issuer: TestAuthority?

  /// - Parameters:
  ///   - names: the DNS names, or addresses with `IP:` in front.
  ///   - start, end: seconds from now.
  init(
    _ commonName: String = "Test CA", names: [String] = [], issuer: TestAuthority? = nil, isAuthority: Bool = true,
    key kind: KeyKind = .ec, start: Int = -3600, end: Int = 86_400
  ) throws {
    self.issuer = issuer
    key = try Self.makeKey(kind)
    certificate = try #require(X509_new())
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1..<Int.max))
    X509_gmtime_adj(X509_getm_notBefore(certificate), start)
    X509_gmtime_adj(X509_getm_notAfter(certificate), end)
    X509_set_pubkey(certificate, key)
    let subject = X509_get_subject_name(certificate)
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, "Example", -1, -1, 0)
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, commonName, -1, -1, 0)
    X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.certificate) } ?? subject)
    if isAuthority { try add(NID_basic_constraints, "critical,CA:TRUE") }
    if !names.isEmpty {
      try add(NID_subject_alt_name, names.map { $0.hasPrefix("IP:") ? $0 : "DNS:\($0)" }.joined(separator: ","))
    }
    try #require(X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0)
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  /// A certificate for a server or a client.
  func issue(
    _ commonName: String = "leaf", names: [String] = [], isAuthority: Bool = false, key kind: KeyKind = .ec,
    start: Int = -3600, end: Int = 86_400
  ) throws -> TestAuthority {
    try TestAuthority(
      commonName, names: names, issuer: self, isAuthority: isAuthority, key: kind, start: start, end: end)
  }

  private static func makeKey(_ kind: KeyKind) throws -> OpaquePointer {
    var key: OpaquePointer?
    switch kind {
    case .ec:
      let context = try #require(EVP_PKEY_CTX_new_from_name(nil, "EC", nil))
      defer { EVP_PKEY_CTX_free(context) }
      EVP_PKEY_keygen_init(context)
      EVP_PKEY_CTX_set_group_name(context, "P-256")
      EVP_PKEY_generate(context, &key)
    case .rsa(let bits):
      let context = try #require(EVP_PKEY_CTX_new_from_name(nil, "RSA", nil))
      defer { EVP_PKEY_CTX_free(context) }
      EVP_PKEY_keygen_init(context)
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
      EVP_PKEY_generate(context, &key)
    }
    return try #require(key)
  }

  private func add(_ id: Int32, _ value: String) throws {
    let item = try #require(X509V3_EXT_conf_nid(nil, nil, id, value))
    defer { X509_EXTENSION_free(item) }
    try #require(X509_add_ext(certificate, item, -1) == 1)
  }

  // MARK: Files

  static func collect(_ body: (OpaquePointer?) -> Void) -> [UInt8] {
    let bio = BIO_new(BIO_s_mem())
    defer { BIO_free(bio) }
    body(bio)
    var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
    BIO_read(bio, &bytes, Int32(bytes.count))
    return bytes
  }

  var pem: [UInt8] { Self.collect { PEM_write_bio_X509($0, certificate) } }

  var keyPEM: [UInt8] { Self.collect { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

  var encryptedKeyPEM: [UInt8] {
    Self.collect { PEM_write_bio_PrivateKey($0, key, EVP_aes_128_cbc(), "secret", 6, nil, nil) }
  }

  var der: [UInt8] { Self.collect { i2d_X509_bio($0, certificate) } }

  /// It, and its issuers below the root.
  var chainPEM: [UInt8] { issuer?.issuer == nil ? pem : pem + (issuer?.chainPEM ?? []) }

  /// An OCSP response of this authority about `leaf`, in DER.
  func ocspResponse(
    about leaf: TestAuthority, status: Int32 = V_OCSP_CERTSTATUS_GOOD, end: Int = 3600
  ) throws -> [UInt8] {
    let basic = try #require(OCSP_BASICRESP_new())
    defer { OCSP_BASICRESP_free(basic) }
    let id = try #require(OCSP_cert_to_id(nil, leaf.certificate, certificate))
    defer { OCSP_CERTID_free(id) }
    let start = X509_gmtime_adj(nil, -7200)
    let next = X509_gmtime_adj(nil, end)
    defer {
      ASN1_TIME_free(start)
      ASN1_TIME_free(next)
    }
    let generalStart = ASN1_TIME_to_generalizedtime(start, nil)
    let generalNext = ASN1_TIME_to_generalizedtime(next, nil)
    defer {
      ASN1_GENERALIZEDTIME_free(generalStart)
      ASN1_GENERALIZEDTIME_free(generalNext)
    }
    let revoked = status == V_OCSP_CERTSTATUS_REVOKED ? generalStart : nil
    _ = try #require(OCSP_basic_add1_status(basic, id, status, 0, revoked, generalStart, generalNext))
    try #require(OCSP_basic_sign(basic, certificate, key, EVP_sha256(), nil, 0) == 1)
    let response = try #require(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic))
    defer { OCSP_RESPONSE_free(response) }
    return try Self.encode(response)
  }

  /// A responder's refusal, in DER.
  static func ocspRefusal() throws -> [UInt8] {
    let response = try #require(OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, nil))
    defer { OCSP_RESPONSE_free(response) }
    return try encode(response)
  }

  private static func encode(_ response: OpaquePointer) throws -> [UInt8] {
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = i2d_OCSP_RESPONSE(response, &bytes)
    defer { CRYPTO_free(bytes, nil, 0) }
    return [UInt8](UnsafeBufferPointer(start: bytes, count: Int(count)))
  }
}

extension TestFiles {
  func settings(_ item: TestAuthority, ocsp: [UInt8]? = nil) throws -> TLSServerSettings.Certificate {
    try .init(
      certificate: write(item.chainPEM), key: write(item.keyPEM), ocspResponse: ocsp.map { try write($0) })
  }
}
