import Bytes
import Testing

@testable import Net

/// Mutual TLS.
struct TLSClientCertificateTests {
  private let files: TestFiles
  private let authority: TestAuthority
  private let ca: String

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
    ca = try files.write(authority.pem)
  }

  private func pair(
    _ clients: TLSServerSettings.ClientCertificates, shown: TestAuthority?, old: Bool
  ) throws -> SessionPair {
    let leaf = try files.settings(authority.issue(names: ["a.example"]))
    // The certificate by server name must not weaken what is asked for.
    let other = try files.settings(authority.issue(names: ["default.example"]))
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [other, leaf], clientCertificates: clients))
    let client = try TLSClientContext(
      TLSClientSettings(
        ca: ca, certificate: shown.map { try files.write($0.chainPEM) }, key: shown.map { try files.write($0.keyPEM) }))
    let pair = SessionPair(client, server)
    return (old ? pair.onlyTLS12() : pair).run()
  }

  @Test(arguments: [false, true]) func whoIsLetIn(_ old: Bool) throws {
    let known = try authority.issue("known")
    let behindIntermediate = try authority.issue("Intermediate", isAuthority: true).issue("known")
    for mode in [TLSServerSettings.ClientCertificates.optional(ca: ca), .required(ca: ca)] {
      for shown in [known, behindIntermediate] {
        let pair = try pair(mode, shown: shown, old: old)
        #expect(pair.isEstablished)
        #expect(pair.server.session.peerCertificate?.sha256 == TLSResumptionTests.digest(shown.der))
        let summary = try #require(pair.server.session.peerSummary(place: "the client"))
        #expect(summary.file == "the client")
        #expect(summary.notBefore < summary.notAfter)
      }
    }
    let anonymous = try pair(.optional(ca: ca), shown: nil, old: old)
    #expect(anonymous.isEstablished)
    #expect(anonymous.server.session.peerCertificate == nil)
    #expect(anonymous.server.session.peerSummary(place: "the client") == nil)
    let unasked = try pair(.none, shown: known, old: old)
    #expect(unasked.isEstablished)
    #expect(unasked.server.session.peerCertificate == nil)
  }

  /// Over TLS 1.3 the client learns of it only after its own end of the handshake.
  @Test(arguments: [false, true]) func whoIsNot(_ old: Bool) throws {
    let missing = try pair(.required(ca: ca), shown: nil, old: old)
    #expect(missing.server.failure?.reason.description == "tls_certificate_required")
    #expect(
      missing.client.failure?.description
        == "tls_alert_received: \(old ? "handshake failure" : "certificate required")")
    let expired = try authority.issue(end: -60)
    let stranger = try TestAuthority("Other").issue()
    let rows: [(TestAuthority, String, String)] = [
      (expired, "certificate has expired", "certificate expired"),
      (stranger, "unable to get local issuer certificate", "unknown CA"),
    ]
    for (shown, words, alert) in rows {
      for mode in [TLSServerSettings.ClientCertificates.optional(ca: ca), .required(ca: ca)] {
        let pair = try pair(mode, shown: shown, old: old)
        #expect(pair.server.failure?.description == "tls_client_certificate_rejected: \(words)")
        #expect(pair.client.failure?.description == "tls_alert_received: \(alert)")
        #expect(pair.server.session.peerCertificate == nil)
      }
    }
  }
}
