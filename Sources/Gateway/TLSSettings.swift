import Configuration
import Inbound
import Net
import Outbound

// What the configuration says about TLS and about listeners, in the terms of the modules that use it.

extension TLSServerSettings {
  init(_ configuration: TLSListenerConfiguration, http2: Bool) {
    self.init(
      minimumVersion: configuration.minimumVersion == .v13 ? .v13 : .v12,
      certificates: configuration.certificates.map {
        Certificate(certificate: $0.certificate, key: $0.key, ocspResponse: $0.ocspResponse)
      },
      ticketKeys: configuration.ticketKeys,
      clientCertificates: ClientCertificates(configuration.clientCertificates),
      applicationProtocols: http2 ? [.http2, .http11] : [.http11])
  }

  /// All files that a context is built from.
  var files: [String] {
    certificates.flatMap { [$0.certificate, $0.key] + [$0.ocspResponse].compactMap { $0 } }
      + [ticketKeys, clientAuthority].compactMap { $0 }
  }

  private var clientAuthority: String? {
    switch clientCertificates {
    case .none: nil
    case .optional(let file), .required(let file): file
    }
  }
}

extension TLSServerSettings.ClientCertificates {
  init(_ configuration: TLSListenerConfiguration.ClientCertificates) {
    switch configuration {
    case .none: self = .none
    case .optional(let ca): self = .optional(ca: ca)
    case .required(let ca): self = .required(ca: ca)
    }
  }
}

extension TLSClientSettings {
  init(_ configuration: UpstreamTLSConfiguration, http2: HTTP2Use) {
    let protocols: [ApplicationProtocol] =
      switch http2 {
      case .auto: [.http2, .http11]
      case .always: [.http2]
      case .never: [.http11]
      }
    self.init(
      ca: configuration.ca, certificate: configuration.certificate, key: configuration.key,
      applicationProtocols: protocols)
  }
}

extension ListenerOptions {
  /// All but the TLS context.
  init(_ configuration: ListenerConfiguration) {
    self.init()
    http2 = configuration.http2
    if !configuration.proxyProtocol.isEmpty { proxyProtocol = AddressRanges(configuration.proxyProtocol) }
    trustedProxies = AddressRanges(configuration.trustedProxies)
  }
}

extension AddressRanges {
  /// - Parameter texts: checked by the configuration.
  init(_ texts: [String]) { self.init(texts.compactMap { AddressRange($0) }) }
}

extension UpstreamEndpoint.HTTP2Use {
  init(_ configuration: HTTP2Use) {
    switch configuration {
    case .auto: self = .auto
    case .always: self = .always
    case .never: self = .never
    }
  }
}
