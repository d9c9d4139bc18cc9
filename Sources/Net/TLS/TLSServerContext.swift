import Bytes
import COpenSSL
import Glibc

/// What a listener needs to speak TLS, built from files and immutable: a reload builds a new one and swaps it.
/// Connections keep the one they began with.
package final class TLSServerContext {
  /// In the order of the settings.
  package let certificates: [CertificateSummary]

  let applicationProtocols: [ApplicationProtocol]
  let asksForCertificate: Bool
  let requiresClientCertificate: Bool
  /// The context of the default certificate: where every connection starts.
  let initial: TLSContext
  let tickets: TicketKeys
  private let ownsTickets: Bool
  private let chains: [CertificateChain]
  private let staples: [OCSPStaple?]
  private let contexts: ServerNames<TLSContext>

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - old: the context that this one replaces: without a file of ticket keys its keys go on, so that a reload costs
  ///     no client its session.
  ///   - shared: keys of tickets for this and other processes, where there is no file of them.
  package init(
    _ settings: TLSServerSettings, replacing old: TLSServerContext? = nil, sharing shared: TicketKeys? = nil
  ) throws(TLSFault) {
    var chains: [CertificateChain] = []
    var staples: [OCSPStaple?] = []
    for item in settings.certificates {
      let chain = try CertificateChain(certificate: item.certificate, key: item.key)
      var staple: OCSPStaple?
      if let path = item.ocspResponse { staple = try OCSPStaple(path, for: chain.leaf) }
      chains.append(chain)
      staples.append(staple)
    }
    guard !chains.isEmpty else {
      throw TLSFault(file: "certificates", what: "the list is empty", remedy: "give at least one certificate")
    }
    var authorities: [Certificate] = []
    if let path = settings.clientCertificates.ca { authorities = try Certificate.read(path) }
    if let path = settings.ticketKeys {
      tickets = try TicketKeys(file: path)
    } else if let old, old.ownsTickets {
      tickets = old.tickets
    } else {
      tickets = shared ?? TicketKeys()
    }
    ownsTickets = settings.ticketKeys == nil
    let setup = ServerContextSetup(settings, authorities)
    let names = ServerNames(chains.map { ($0.names, $0.algorithm) })
    let contexts = try names.map { (places) throws(TLSFault) in try setup.context(places.map { chains[$0] }) }
    self.contexts = contexts
    initial = contexts.fallback
    certificates = zip(chains, staples).map { $0.summary(staple: $1) }
    self.chains = chains
    self.staples = staples
    applicationProtocols = settings.applicationProtocols
    asksForCertificate = settings.clientCertificates != .none
    if case .required = settings.clientCertificates {
      requiresClientCertificate = true
    } else {
      requiresClientCertificate = false
    }
  }

  /// The context whose certificate is for `name`; nil: the default's is shown.
  func context(for name: ByteView) -> TLSContext? { contexts.find(name) }

  /// Staples the OCSP response of the certificate that the handshake uses.
  func staple(to ssl: OpaquePointer, now: Int64) -> Bool {
    let shown = SSL_get_certificate(ssl)
    for (chain, staple) in zip(chains, staples) where chain.leaf.raw == shown {
      return staple?.staple(to: ssl, now: now) ?? false
    }
    return false
  }
}
