import Bytes
import COpenSSL
import Testing

@testable import Net

/// Sessions that go on in another connection: through tickets, in one context and across several.
struct TLSResumptionTests {
  private let files: TestFiles
  private let authority: TestAuthority
  private let leaf: TLSServerSettings.Certificate
  private let ca: String

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
    leaf = try files.settings(authority.issue(names: ["a.example", "b.example"]))
    ca = try files.write(authority.pem)
  }

  private func server(
    keys: String? = nil, _ clients: TLSServerSettings.ClientCertificates = .none,
    replacing old: TLSServerContext? = nil
  ) throws -> TLSServerContext {
    try TLSServerContext(
      TLSServerSettings(certificates: [leaf], ticketKeys: keys, clientCertificates: clients), replacing: old)
  }

  private func client(_ shown: TestAuthority? = nil) throws -> TLSClientContext {
    try TLSClientContext(
      TLSClientSettings(
        ca: ca, certificate: shown.map { try files.write($0.pem) }, key: shown.map { try files.write($0.keyPEM) }))
  }

  /// Connects, and says whether that resumed a session.
  private func resumes(
    _ client: TLSClientContext, _ server: TLSServerContext, old: Bool = false, name: String = "a.example",
    port: Int = 443
  ) -> Bool {
    let pair = SessionPair(client, server, name: name, port: port)
    _ = old ? pair.onlyTLS12() : pair
    pair.run()
    #expect(pair.isEstablished)
    #expect(pair.client.session.isResumed == pair.server.session.isResumed)
    return pair.server.session.isResumed
  }

  private func key(_ byte: String) -> String { String(repeating: byte, count: 80) }

  @Test(arguments: [false, true]) func inOneContext(_ old: Bool) throws {
    let (client, server) = try (client(), server())
    #expect(!resumes(client, server, old: old))
    #expect(resumes(client, server, old: old))
    #expect(resumes(client, server, old: old))
    #expect(!resumes(try self.client(), server, old: old))
  }

  @Test func onlyForTheSameNameAndPort() throws {
    let (client, server) = try (client(), server())
    #expect(!resumes(client, server))
    #expect(!resumes(client, server, name: "b.example"))
    #expect(!resumes(client, server, port: 444))
    #expect(resumes(client, server, name: "b.example"))
  }

  @Test func aReloadKeepsTheKeysOfTheProcess() throws {
    let (client, first) = try (client(), server())
    #expect(!resumes(client, first))
    #expect(resumes(client, try server(replacing: first)))
    #expect(!resumes(client, try server()))
  }

  @Test(arguments: [false, true]) func acrossContextsWithAFile(_ old: Bool) throws {
    let keys = try files.write("# shared\n\n\(key("0a"))\r\n  \(key("0B"))  \n")
    let client = try client()
    #expect(!resumes(client, try server(keys: keys), old: old))
    #expect(resumes(client, try server(keys: keys), old: old))
    let different = try files.write(key("0c"))
    #expect(!resumes(client, try server(keys: different), old: old))
  }

  /// The new key in front, the old one behind, then gone.
  @Test(arguments: [false, true]) func rotation(_ old: Bool) throws {
    let keys = try files.write(key("01"))
    let client = try client()
    #expect(!resumes(client, try server(keys: keys), old: old))
    try files.replace(keys, by: [UInt8]("\(key("02"))\n\(key("01"))\n".utf8))
    // Sealed with the old key, opened, and sealed anew.
    #expect(resumes(client, try server(keys: keys), old: old))
    try files.replace(keys, by: [UInt8]("\(key("03"))\n\(key("02"))\n".utf8))
    #expect(resumes(client, try server(keys: keys), old: old))
    try files.replace(keys, by: [UInt8](key("04").utf8))
    #expect(!resumes(client, try server(keys: keys), old: old))
  }

  // MARK: With client certificates

  @Test(arguments: [false, true]) func theClientIsKnownAgain(_ old: Bool) throws {
    let agent = try authority.issue("agent-7")
    let (client, server) = try (client(agent), server(.required(ca: ca)))
    for isFirst in [true, false] {
      let pair = SessionPair(client, server)
      _ = old ? pair.onlyTLS12() : pair
      pair.run()
      #expect(pair.isEstablished)
      #expect(pair.server.session.isResumed == !isFirst)
      let peer = try #require(pair.server.session.peerCertificate)
      #expect(String(decoding: peer.subject, as: UTF8.self) == "CN=agent-7,O=Example")
      #expect(peer.sha256 == Self.digest(agent.der))
    }
  }

  /// The certificate by server name is not the default one.
  @Test(arguments: [false, true]) func behindAServerName(_ old: Bool) throws {
    let agent = try authority.issue("agent-7")
    let fallback = try files.settings(authority.issue(names: ["default.example"]))
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [fallback, leaf], clientCertificates: .required(ca: ca)))
    let client = try client(agent)
    #expect(!resumes(client, server, old: old))
    #expect(resumes(client, server, old: old))
    #expect(resumes(client, server, old: old))
  }

  static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
    return digest
  }

  /// Tickets of a listener that asks for nothing, for less, or trusts others, open no door.
  @Test(arguments: [false, true]) func ticketsDoNotReplaceCertificates(_ old: Bool) throws {
    let keys = try files.write(key("05"))
    let other = try files.write(TestAuthority("Other").pem)
    let required = try server(keys: keys, .required(ca: ca))
    for lax in [TLSServerSettings.ClientCertificates.none, .optional(ca: ca), .optional(ca: other)] {
      let client = try client()
      #expect(!resumes(client, try server(keys: keys, lax), old: old))
      #expect(resumes(client, try server(keys: keys, lax), old: old))
      let pair = SessionPair(client, required)
      _ = old ? pair.onlyTLS12() : pair
      pair.run()
      #expect(pair.server.failure?.reason.description == "tls_certificate_required")
      #expect(!pair.server.session.isEstablished)
    }
  }
}
