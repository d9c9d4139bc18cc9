/// What people want to know of a certificate: for the log, for metrics, and for `check`.
package struct CertificateSummary: Sendable, Equatable {
  package let file: String
  /// RFC 2253 text.
  package let subject: String
  /// DNS names in lower case, and address literals.
  package let names: [String]
  /// In seconds since 1970.
  package let notBefore: Int64
  package let notAfter: Int64
  /// For example `EC P-256` or `RSA 2048`.
  package let keyType: String
  /// In hexadecimal digits.
  package let serial: String
  /// Until when its OCSP response is good, in seconds since 1970; it is not stapled after that.
  package let ocspNextUpdate: Int64?

  init(file: String, _ certificate: Certificate, ocspNextUpdate: Int64?) {
    self.file = file
    subject = String(decoding: certificate.subject, as: UTF8.self)
    names = certificate.names
    notBefore = certificate.notBefore
    notAfter = certificate.notAfter
    keyType = certificate.keyType
    serial = certificate.serial
    self.ocspNextUpdate = ocspNextUpdate
  }

  /// All certificates of a PEM file, the leaf first.
  package static func read(chain file: String) throws(TLSFault) -> [CertificateSummary] {
    try Certificate.read(file).map { CertificateSummary(file: file, $0, ocspNextUpdate: nil) }
  }
}
