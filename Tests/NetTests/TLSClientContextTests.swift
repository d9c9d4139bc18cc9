import COpenSSL
import Testing

@testable import Net

struct TLSClientContextTests {
  private let files: TestFiles
  private let authority: TestAuthority

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
  }

  private func fault(_ settings: TLSClientSettings) -> TLSFault? {
    do throws(TLSFault) {
      _ = try TLSClientContext(settings)
      return nil
    } catch {
      return error
    }
  }

  @Test func settingsThatCannotBeUsed() throws {
    let ca = try files.write(authority.pem)
    let key = try files.write(authority.keyPEM)
    let other = try files.write(authority.issue().keyPEM)
    #expect(fault(TLSClientSettings(ca: ca, certificate: ca, key: key)) == nil)
    #expect(fault(TLSClientSettings(ca: key))?.what == "holds no certificate")
    #expect(fault(TLSClientSettings(ca: ca, certificate: ca))?.what == "the certificate has no key beside it")
    #expect(fault(TLSClientSettings(ca: ca, key: key))?.what == "the key has no certificate beside it")
    #expect(
      fault(TLSClientSettings(ca: ca, certificate: ca, key: other))?.description
        == "\(other): the key does not belong to the certificate in \(ca); "
        + "give the key that the certificate was requested with")
  }

  /// The system's authorities have not issued a certificate of this test.
  @Test func theSystemStoreIsTheDefault() throws {
    let leaf = try authority.issue(names: ["a.example"])
    let server = try TLSServerContext(TLSServerSettings(certificates: [files.settings(leaf)]))
    let pair = SessionPair(try TLSClientContext(TLSClientSettings()), server).run()
    #expect(pair.client.failure?.reason.description == "tls_unknown_issuer")
    #expect(pair.client.failure?.detail == "unable to get local issuer certificate")
  }

  /// It takes long to read, and much room.
  @Test func theSystemStoreIsSharedAndOthersAreNot() throws {
    let ca = try files.write(authority.pem)
    let stores = try [nil, nil, ca, ca].map { ca throws in
      try TLSClientContext(TLSClientSettings(ca: ca))
    }
    let authorities = stores.map { SSL_CTX_get_cert_store($0.context.raw) }
    #expect(authorities[0] == authorities[1])
    #expect(Set(authorities).count == 3)
  }

  /// What the operator lists is trusted, its own issuer missing or not.
  @Test func anIntermediateMayBeTrusted() throws {
    let intermediate = try authority.issue("Intermediate", isAuthority: true)
    let leaf = try intermediate.issue(names: ["a.example"])
    let server = try TLSServerContext(TLSServerSettings(certificates: [files.settings(leaf)]))
    let client = try TLSClientContext(TLSClientSettings(ca: files.write(intermediate.pem)))
    #expect(SessionPair(client, server).run().isEstablished)
  }

  @Test func sessionsAreKeptForSoManyServersOnly() throws {
    let leaf = try authority.issue(names: ["a.example"])
    let server = try TLSServerContext(TLSServerSettings(certificates: [files.settings(leaf)]))
    let client = try TLSClientContext(TLSClientSettings(ca: files.write(authority.pem)))
    let ports = 1...ClientSessions.limit + 2
    for port in ports { SessionPair(client, server, port: port).run() }
    #expect(client.sessions.count == ClientSessions.limit)
    #expect(SessionPair(client, server, port: ports.upperBound).run().client.session.isResumed)
    #expect(!SessionPair(client, server, port: 1).run().client.session.isResumed)
  }
}
