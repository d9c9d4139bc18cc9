import Bytes
import COpenSSL
import Testing

@testable import Net

struct TLSServerContextTests {
  private let files: TestFiles
  private let authority: TestAuthority
  private let client: TLSClientContext

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
    client = try TLSClientContext(TLSClientSettings(ca: files.write(authority.pem)))
  }

  private func fault(_ settings: TLSServerSettings) -> TLSFault? {
    do throws(TLSFault) {
      _ = try TLSServerContext(settings)
      return nil
    } catch {
      return error
    }
  }

  private func fault(certificate: String, key: String, ocsp: String? = nil) -> TLSFault? {
    fault(TLSServerSettings(certificates: [.init(certificate: certificate, key: key, ocspResponse: ocsp)]))
  }

  // MARK: Files that cannot be used

  @Test func filesThatCannotBeUsed() throws {
    let leaf = try authority.issue(names: ["a.example"])
    let certificate = try files.write(leaf.pem)
    let key = try files.write(leaf.keyPEM)
    let missing = "\(files.path)/missing"
    let empty = try files.write("")
    let text = try files.write("hello")
    let other = try files.write(authority.keyPEM)
    let encrypted = try files.write(leaf.encryptedKeyPEM)
    let derForm = try files.write(leaf.der)
    let cut = try files.write([UInt8](leaf.pem.dropLast(60)))
    let broken = try files.write(
      leaf.pem + [UInt8]("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8))
    let weak = try authority.issue(key: .rsa(1024))
    let rows: [(String, String, file: String, what: String)] = [
      (missing, key, missing, "cannot be read: No such file or directory"),
      (files.path, key, files.path, "cannot be read: Is a directory"),
      (empty, key, empty, "is empty"),
      (text, key, text, "holds no certificate"),
      (derForm, key, derForm, "holds no certificate"),
      (cut, key, cut, "its certificate number 1 is broken (bad end line)"),
      (broken, key, broken, "its certificate number 2 is broken"),
      (certificate, missing, missing, "cannot be read: No such file or directory"),
      (certificate, text, text, "holds no private key that can be read"),
      (certificate, certificate, certificate, "holds no private key that can be read"),
      (certificate, encrypted, encrypted, "the private key is encrypted"),
      (certificate, other, other, "the key does not belong to the certificate in \(certificate)"),
      ("/dev/zero", key, "/dev/zero", "is larger than 4194304 bytes"),
    ]
    for row in rows {
      let found = try #require(fault(certificate: row.0, key: row.1))
      #expect(found.file == row.file)
      #expect(found.what.hasPrefix(row.what), "\(found)")
      #expect(!found.remedy.isEmpty)
    }
    #expect(
      fault(certificate: certificate, key: encrypted)?.remedy.contains("openssl pkey -in \(encrypted)") == true)
    let weakFault = try fault(certificate: files.write(weak.pem), key: files.write(weak.keyPEM))
    #expect(weakFault?.what == "an RSA key of 1024 bits is too short")
    #expect(fault(certificate: certificate, key: key) == nil)
    #expect(fault(TLSServerSettings(certificates: []))?.what == "the list is empty")
    let settings = TLSServerSettings(
      certificates: [.init(certificate: certificate, key: key)], clientCertificates: .optional(ca: text))
    #expect(fault(settings)?.file == text)
  }

  @Test func chainsInTheWrongOrder() throws {
    let intermediate = try authority.issue("Intermediate", isAuthority: true)
    let leaf = try intermediate.issue(names: ["a.example"])
    let key = try files.write(leaf.keyPEM)
    let turned = try files.write(intermediate.pem + leaf.pem)
    #expect(
      fault(certificate: turned, key: key)?.what == "the key belongs to certificate number 2, not to the first")
    let foreign = try files.write(leaf.pem + TestAuthority("Other").pem)
    #expect(
      fault(certificate: foreign, key: key)?.what == "certificate number 2 did not issue the one before it")
    let whole = try files.write(leaf.pem + intermediate.pem + authority.pem)
    #expect(fault(certificate: whole, key: key) == nil)
  }

  // MARK: Summaries

  @Test func summaries() throws {
    let leaf = try authority.issue("Größe, \"x\"\n", names: ["A.example", "*.b.example", "IP:10.0.0.1", "IP:fd00::1"])
    let expired = try authority.issue(names: ["old.example"], key: .rsa(2048), end: -60)
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [files.settings(leaf), files.settings(expired)]))
    #expect(server.certificates.count == 2)
    let first = server.certificates[0]
    #expect(first.names == ["a.example", "*.b.example", "10.0.0.1", "fd00::1"])
    #expect(first.keyType == "EC P-256")
    #expect(first.subject == "CN=Größe\\, \\\"x\\\"\\0A,O=Example")
    #expect(first.notAfter - first.notBefore == 90_000)
    #expect(abs(first.notBefore + 3600 - Loop.unixTime) < 60)
    #expect(!first.serial.isEmpty)
    #expect(server.certificates[1].keyType == "RSA 2048")
    #expect(server.certificates[1].notAfter < Loop.unixTime)
    let chain = try files.write(leaf.pem + authority.pem)
    let read = try CertificateSummary.read(chain: chain)
    #expect(read.map(\.subject) == [first.subject, "CN=Test CA,O=Example"])
    #expect(read[0].file == chain)
  }

  // MARK: Server names

  @Test(arguments: [
    ("a.example", ["a.example"]), ("A.EXAMPLE", ["a.example"]), ("b.example", ["b.example", "*.w.example"]),
    ("x.w.example", ["b.example", "*.w.example"]),
  ])
  func certificatesByServerName(_ name: String, _ names: [String]) throws {
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [
        files.settings(authority.issue(names: ["a.example"])),
        files.settings(authority.issue(names: ["b.example", "*.w.example"])),
      ]))
    for isOld in [false, true] {
      let pair = SessionPair(client, server, name: name)
      _ = isOld ? pair.onlyTLS12() : pair
      pair.run()
      #expect(pair.isEstablished)
      #expect(pair.serverLeafNames == names)
    }
  }

  @Test(arguments: ["c.example", "x.y.w.example", "10.0.0.1"]) func theDefaultForTheRest(_ name: String) throws {
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [
        files.settings(authority.issue(names: ["a.example", name])),
        files.settings(authority.issue(names: ["b.example", "*.w.example"])),
      ]))
    let pair = SessionPair(client, server, name: name).run()
    #expect(pair.serverLeafNames == ["a.example", name] || name == "10.0.0.1")
  }

  /// The client's signature algorithms choose.
  @Test func keysOfTwoTypesSideBySide() throws {
    let names = ["a.example"]
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [
        files.settings(authority.issue(names: ["default.example"])),
        files.settings(authority.issue(names: names, key: .rsa(2048))),
        files.settings(authority.issue(names: names)),
      ]))
    #expect(SessionPair(client, server).run().serverKeyType == "EC P-256")
    let old = SessionPair(client, server).onlyTLS12()
    SSL_set_cipher_list(old.client.session.ssl, "ECDHE-RSA-AES256-GCM-SHA384")
    #expect(old.run().serverKeyType == "RSA 2048")
    #expect(old.server.session.cipher == "ECDHE-RSA-AES256-GCM-SHA384")
  }

  // MARK: Stapling

  @Test func staplesTheResponseOfTheCertificateInUse() throws {
    let leaf = try authority.issue(names: ["a.example"])
    let other = try authority.issue(names: ["b.example"])
    let response = try authority.ocspResponse(about: leaf)
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [files.settings(other), files.settings(leaf, ocsp: response)]))
    #expect(server.certificates[0].ocspNextUpdate == nil)
    #expect(abs((server.certificates[1].ocspNextUpdate ?? 0) - 3600 - Loop.unixTime) < 60)
    #expect(staple(server, name: "a.example") == response)
    #expect(staple(server, name: "b.example") == nil)
    #expect(staple(server, name: "a.example", asks: false) == nil)
  }

  private func staple(_ server: TLSServerContext, name: String, asks: Bool = true) -> [UInt8]? {
    let pair = SessionPair(client, server, name: name)
    if asks { pc_ssl_request_status(pair.client.session.ssl) }
    pair.run()
    #expect(pair.isEstablished)
    var bytes: UnsafePointer<UInt8>?
    let count = pc_ssl_status(pair.client.session.ssl, &bytes)
    return count > 0 ? [UInt8](UnsafeBufferPointer(start: bytes, count: count)) : nil
  }

  @Test func anOutdatedResponseIsNotStapled() throws {
    let leaf = try authority.issue(names: ["a.example"])
    let response = try authority.ocspResponse(about: leaf, end: -60)
    let server = try TLSServerContext(
      TLSServerSettings(certificates: [files.settings(leaf, ocsp: response)]))
    #expect((server.certificates[0].ocspNextUpdate ?? .max) < Loop.unixTime)
    #expect(staple(server, name: "a.example") == nil)
  }

  @Test func responsesThatCannotBeUsed() throws {
    let leaf = try authority.issue(names: ["a.example"])
    let certificate = try files.write(leaf.pem)
    let key = try files.write(leaf.keyPEM)
    let rows: [([UInt8], String)] = [
      (leaf.pem, "is no OCSP response"),
      (try TestAuthority.ocspRefusal(), "the OCSP responder refused: trylater"),
      (try authority.ocspResponse(about: authority.issue()), "is the OCSP response for another certificate"),
      (
        try authority.ocspResponse(about: leaf, status: V_OCSP_CERTSTATUS_REVOKED),
        "says that the certificate is revoked or unknown"
      ),
    ]
    for (bytes, what) in rows {
      let file = try files.write(bytes)
      let found = fault(certificate: certificate, key: key, ocsp: file)
      #expect(found?.file == file)
      #expect(found?.what == what)
    }
  }
}
