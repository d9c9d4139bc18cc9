/// How connections to a backend or a provider speak TLS.
package struct TLSClientSettings: Sendable, Equatable {
  /// A PEM file of the authorities to trust; nil means the system's store.
  package var ca: String?
  /// A PEM chain to show when the server asks for a certificate, with `key`.
  package var certificate: String?
  package var key: String?
  /// What ALPN offers, in the order of preference.
  package var applicationProtocols: [ApplicationProtocol]

  package init(
    ca: String? = nil, certificate: String? = nil, key: String? = nil,
    applicationProtocols: [ApplicationProtocol] = [.http11]
  ) {
    self.ca = ca
    self.certificate = certificate
    self.key = key
    self.applicationProtocols = applicationProtocols
  }
}
