/// How a listener speaks TLS; everything is read from files when the context is built.
package struct TLSServerSettings: Sendable, Equatable {
  /// A certificate and what belongs to it, by their files.
  package struct Certificate: Sendable, Equatable {
    /// PEM: the leaf first, then the intermediates in the order of issue.
    package var certificate: String
    /// PEM, unencrypted.
    package var key: String
    /// DER: the certificate authority's word that the certificate is good, stapled to the handshake (RFC 6066 §8).
    package var ocspResponse: String?

    package init(certificate: String, key: String, ocspResponse: String? = nil) {
      self.certificate = certificate
      self.key = key
      self.ocspResponse = ocspResponse
    }
  }

  /// Whether clients must show a certificate, and the file of the authorities that may have issued it.
  package enum ClientCertificates: Sendable, Equatable {
    case none
    case optional(ca: String)
    case required(ca: String)

    var ca: String? {
      switch self {
      case .none: nil
      case .optional(let ca), .required(let ca): ca
      }
    }
  }

  package var minimumVersion: TLSVersion
  /// At least one; the first is shown to clients that name no other.
  package var certificates: [Certificate]
  /// A file of keys for session tickets, shared with other processes; without one each process has its own.
  package var ticketKeys: String?
  package var clientCertificates: ClientCertificates
  /// In the order of preference. None: ALPN is not answered.
  package var applicationProtocols: [ApplicationProtocol]

  package init(
    minimumVersion: TLSVersion = .v12, certificates: [Certificate], ticketKeys: String? = nil,
    clientCertificates: ClientCertificates = .none,
    applicationProtocols: [ApplicationProtocol] = [.http2, .http11]
  ) {
    self.minimumVersion = minimumVersion
    self.certificates = certificates
    self.ticketKeys = ticketKeys
    self.clientCertificates = clientCertificates
    self.applicationProtocols = applicationProtocols
  }
}
