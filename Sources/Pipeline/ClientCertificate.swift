/// The certificate with which a client has authenticated its connection; verified against the listener's authority.
package final class ClientCertificate: Sendable {
  /// The subject as RFC 2253 writes it, for example `CN=agent-7,O=Example`.
  package let subject: [UInt8]
  /// SHA-256 of the certificate in DER, which bound tokens name (RFC 8705 §3.1).
  package let thumbprint: [UInt8]

  package init(subject: [UInt8], thumbprint: [UInt8]) {
    self.subject = subject
    self.thumbprint = thumbprint
  }
}
