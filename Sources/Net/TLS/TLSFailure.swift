import COpenSSL

/// Why a TLS connection failed: a reason for logs and counters, and more words for people.
package struct TLSFailure: Error, Equatable, Sendable, CustomStringConvertible {
  private let code: Code
  /// OpenSSL's words or ours.
  package let detail: String

  /// The reasons there are, as logs name them.
  enum Code: Sendable {
    case handshakeFailed, noSharedProtocolOrCipher, certificateRequired, clientCertificateRejected
    case certificateExpired, certificateNotYetValid, wrongHost, unknownIssuer, selfSigned, certificateInvalid
    case alertReceived, closedEarly, brokenRecord
  }

  init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  package var reason: StaticString {
    switch code {
    case .handshakeFailed: "tls_handshake_failed"
    case .noSharedProtocolOrCipher: "tls_no_shared_protocol_or_cipher"
    case .certificateRequired: "tls_certificate_required"
    case .clientCertificateRejected: "tls_client_certificate_rejected"
    case .certificateExpired: "tls_certificate_expired"
    case .certificateNotYetValid: "tls_certificate_not_yet_valid"
    case .wrongHost: "tls_wrong_host"
    case .unknownIssuer: "tls_unknown_issuer"
    case .selfSigned: "tls_self_signed"
    case .certificateInvalid: "tls_certificate_invalid"
    case .alertReceived: "tls_alert_received"
    case .closedEarly: "tls_closed_early"
    case .brokenRecord: "tls_broken_record"
    }
  }

  /// For example `tls_alert_received: unknown CA`.
  package var description: String { "\(reason): \(detail)" }

  // MARK: What OpenSSL says

  /// Takes what OpenSSL has put into its error queue, and empties the queue.
  static func take(_ ssl: OpaquePointer?, isServer: Bool, isEstablished: Bool) -> TLSFailure {
    let error = ERR_peek_error()
    ERR_clear_error()
    let words = ERR_reason_error_string(error).map { String(cString: $0) } ?? "no reason given"
    let number = pc_error_reason(error)
    guard pc_error_library(error) == ERR_LIB_SSL else {
      return TLSFailure(isEstablished ? .brokenRecord : .handshakeFailed, words)
    }
    if number >= pc_alert_reason_base() { return TLSFailure(.alertReceived, alert(number - pc_alert_reason_base())) }
    switch number {
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return verification(SSL_get_verify_result(ssl), isServer: isServer)
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return TLSFailure(.certificateRequired, words)
    case SSL_R_WRONG_VERSION_NUMBER where !isEstablished:
      return TLSFailure(.handshakeFailed, "what arrived is not TLS (\(words))")
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
      SSL_R_NO_SUITABLE_DIGEST_ALGORITHM, SSL_R_NO_SUITABLE_GROUPS, SSL_R_NO_SUITABLE_KEY_SHARE,
      SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE,
      SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_UNKNOWN_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
      SSL_R_INAPPROPRIATE_FALLBACK:
      return TLSFailure(.noSharedProtocolOrCipher, words)
    default: return TLSFailure(isEstablished ? .brokenRecord : .handshakeFailed, words)
    }
  }

  private static func alert(_ number: Int32) -> String {
    // OpenSSL 3.0 has no words for this one.
    if number == SSL_AD_CERTIFICATE_REQUIRED { return "certificate required" }
    return SSL_alert_desc_string_long(number).map { String(cString: $0) } ?? "number \(number)"
  }

  /// What was wrong with the peer's certificate.
  private static func verification(_ result: Int, isServer: Bool) -> TLSFailure {
    let words = X509_verify_cert_error_string(result).map { String(cString: $0) } ?? "unknown error"
    if isServer { return TLSFailure(.clientCertificateRejected, words) }
    switch Int32(truncatingIfNeeded: result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return TLSFailure(.certificateExpired, words)
    case X509_V_ERR_CERT_NOT_YET_VALID: return TLSFailure(.certificateNotYetValid, words)
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return TLSFailure(.wrongHost, words)
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return TLSFailure(.unknownIssuer, words)
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return TLSFailure(.selfSigned, words)
    default: return TLSFailure(.certificateInvalid, words)
    }
  }
}
