/// An entry of `certificates`: one identity of a TLS listener.
package struct CertificateConfiguration: Equatable, Sendable {
  /// PEM: the certificate itself first, then its intermediates.
  package let certificate: String
  /// PEM, unencrypted. May be the same file as `certificate`.
  package let key: String
  /// DER, to be stapled (RFC 6066 §8).
  package let ocspResponse: String?

  init?(_ mapping: MappingReader) {
    let certificate = mapping.required("certificate", .filePath(example: "/etc/portcullis/tls/fullchain.pem"))
    let key = mapping.required("key", .filePath(example: "/etc/portcullis/tls/key.pem"))
    ocspResponse = mapping.value("ocsp_response", .filePath(example: "/etc/portcullis/tls/ocsp.der"))
    guard let certificate, let key else { return nil }
    self.certificate = certificate
    self.key = key
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("certificate", certificate)
    yaml.string("key", key)
    yaml.string("ocsp_response", ifPresent: ocspResponse)
  }
}
