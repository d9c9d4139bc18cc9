/// The certificate that the peer has shown and that has been verified.
package struct PeerCertificate: Sendable, Equatable {
  /// RFC 2253 text in UTF-8, control characters escaped.
  package let subject: [UInt8]
  /// SHA-256 of the DER encoding: what `x5t#S256` of a token is compared with (RFC 8705 §3.1).
  package let sha256: [UInt8]
}
