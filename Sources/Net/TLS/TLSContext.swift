import Bytes
import COpenSSL

/// Owner of one `SSL_CTX`, with what holds for every connection (RFC 9325).
final class TLSContext {
  let raw: OpaquePointer
  /// Lent to one connection after the other.
  let bio: OpaquePointer?

  private static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
  /// For TLS 1.2: forward secrecy and authenticated encryption, nothing else.
  private static let ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
  private static let groups = "X25519:P-256:P-384"
  private static let signatures =
    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448:"
    + "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    + "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    + "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"
  /// Bytes of a peer's certificates at the most, and how many may stand between its own and an authority's.
  private static let longestChain = 65_536
  private static let deepestChain: Int32 = 8

  /// - Parameter file: named when OpenSSL refuses to work at all.
  init(_ method: OpaquePointer?, minimumVersion: TLSVersion, file: String) throws(TLSFault) {
    guard let raw = SSL_CTX_new(method) else {
      throw .openSSL(file, "OpenSSL makes no TLS context", "check OpenSSL's own configuration (OPENSSL_CONF)")
    }
    self.raw = raw
    bio = CiphertextBIO.make()
    let isSet =
      pc_ctx_set_versions(raw, minimumVersion.number) == 1 && SSL_CTX_set_cipher_list(raw, Self.ciphers) == 1
      && SSL_CTX_set_ciphersuites(raw, Self.suites) == 1 && pc_ctx_set_groups(raw, Self.groups) == 1
      && pc_ctx_set_sigalgs(raw, Self.signatures) == 1
    guard isSet else {
      throw .openSSL(file, "OpenSSL lacks algorithms", "check OpenSSL's own configuration (OPENSSL_CONF)")
    }
    SSL_CTX_set_security_level(raw, 2)
    SSL_CTX_set_options(raw, pc_tls_options())
    pc_ctx_set_mode(raw)
    pc_ctx_set_max_cert_list(raw, Self.longestChain)
    SSL_CTX_set_verify_depth(raw, Self.deepestChain)
    SSL_CTX_set_info_callback(raw) { ssl, event, _ in
      if event & SSL_CB_LOOP != 0 || event & SSL_CB_WRITE_ALERT == SSL_CB_WRITE_ALERT {
        TLSSession.of(ssl)?.didHandleMessage()
      }
    }
  }

  deinit {
    SSL_CTX_free(raw)
    BIO_free(bio)
  }

  /// Trusts the authorities of a file, each by itself: an intermediate needs no root beside it.
  func trust(_ authorities: [Certificate]) {
    let store = SSL_CTX_get_cert_store(raw)
    for authority in authorities { X509_STORE_add_cert(store, authority.raw) }
    X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    ERR_clear_error()
  }
}
