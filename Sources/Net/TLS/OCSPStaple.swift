import Bytes
import COpenSSL
import Glibc

/// An OCSP response from a file, checked to be about the certificate.
final class OCSPStaple {
  /// In seconds since 1970; nil: newer word is always available, and this one does not age (RFC 6960 §4.2.2.1).
  let nextUpdate: Int64?
  private let file: TLSFile

  init(_ path: String, for certificate: Certificate) throws(TLSFault) {
    file = try TLSFile(path)
    let response = file.withBytes { bytes -> OpaquePointer? in
      var next = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return d2i_OCSP_RESPONSE(nil, &next, bytes.count)
    }
    ERR_clear_error()
    guard let response else {
      throw TLSFault(
        file: path, what: "is no OCSP response", remedy: "write it by: openssl ocsp … -respout FILE (DER)")
    }
    defer { OCSP_RESPONSE_free(response) }
    let status = OCSP_response_status(response)
    guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL, let basic = OCSP_response_get1_basic(response) else {
      let words = OCSP_response_status_str(Int(status)).map { String(cString: $0) } ?? "unknown"
      throw TLSFault(file: path, what: "the OCSP responder refused: \(words)", remedy: "fetch a new response")
    }
    defer { OCSP_BASICRESP_free(basic) }
    guard let single = Self.answer(basic, about: certificate) else {
      throw TLSFault(
        file: path, what: "is the OCSP response for another certificate",
        remedy: "fetch the response for the certificate it stands beside")
    }
    var next: UnsafeMutablePointer<ASN1_TIME>?
    guard OCSP_single_get0_status(single, nil, nil, nil, &next) == V_OCSP_CERTSTATUS_GOOD else {
      throw TLSFault(
        file: path, what: "says that the certificate is revoked or unknown",
        remedy: "request a new certificate, or fetch a newer response")
    }
    nextUpdate = Certificate.unixTime(next)
  }

  private static func answer(_ basic: OpaquePointer, about certificate: Certificate) -> OpaquePointer? {
    for index in 0..<OCSP_resp_count(basic) {
      let single = OCSP_resp_get0(basic, index)
      var serial: UnsafeMutablePointer<ASN1_INTEGER>?
      OCSP_id_get0_info(nil, nil, nil, &serial, OCSP_SINGLERESP_get0_id(single))
      if let serial, ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate.raw)) == 0 { return single }
    }
    return nil
  }

  /// Adds it to a handshake, unless it is out of date.
  func staple(to ssl: OpaquePointer, now: Int64) -> Bool {
    if let nextUpdate, nextUpdate <= now { return false }
    return file.withBytes { pc_ssl_set_status(ssl, $0.baseAddress, $0.count) == 1 }
  }
}
