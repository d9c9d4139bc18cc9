import Bytes
import COpenSSL
import Testing

@testable import Net

struct TLSSessionTests {
  private let files: TestFiles
  private let authority: TestAuthority

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
  }

  private func server(
    _ leaf: TestAuthority? = nil, version: TLSVersion = .v12,
    protocols: [ApplicationProtocol] = [.http2, .http11]
  ) throws -> TLSServerContext {
    let leaf = try leaf ?? authority.issue(names: ["a.example"])
    return try TLSServerContext(
      TLSServerSettings(
        minimumVersion: version, certificates: [files.settings(leaf)], applicationProtocols: protocols))
  }

  private func client(_ protocols: [ApplicationProtocol] = [.http2, .http11]) throws -> TLSClientContext {
    try TLSClientContext(
      TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: protocols))
  }

  // MARK: The handshake

  @Test func agreesOnTheNewestVersion() throws {
    let pair = try SessionPair(client(), server()).run()
    #expect(pair.isEstablished)
    #expect("\(pair.client.session.version)" == "TLSv1.3")
    #expect("\(pair.server.session.version)" == "TLSv1.3")
    #expect(pair.server.session.cipher == "TLS_AES_128_GCM_SHA256")
    #expect(pair.server.session.serverName == "a.example")
    #expect(!pair.server.session.isResumed)
    #expect(pair.server.session.peerCertificate == nil)
    #expect(String(decoding: pair.client.session.peerCertificate?.subject ?? [], as: UTF8.self) == "CN=leaf,O=Example")
  }

  @Test func speaksTLS12WithForwardSecrecyOnly() throws {
    let pair = try SessionPair(client(), server()).onlyTLS12().run()
    #expect(pair.isEstablished)
    #expect("\(pair.server.session.version)" == "TLSv1.2")
    #expect(pair.server.session.cipher == "ECDHE-ECDSA-AES128-GCM-SHA256")
  }

  @Test func theMinimumVersionHolds() throws {
    let pair = try SessionPair(client(), server(version: .v13)).onlyTLS12().run()
    #expect(pair.server.failure?.reason.description == "tls_no_shared_protocol_or_cipher")
    #expect(pair.client.failure?.description == "tls_alert_received: protocol version")
  }

  @Test func noCipherInCommon() throws {
    let pair = try SessionPair(client(), server()).onlyTLS12()
    SSL_set_security_level(pair.client.session.ssl, 0)
    SSL_set_cipher_list(pair.client.session.ssl, "AES128-SHA")
    pair.run()
    #expect(pair.server.failure?.reason.description == "tls_no_shared_protocol_or_cipher")
    #expect(pair.client.failure?.description == "tls_alert_received: handshake failure")
  }

  @Test(
    arguments: [
      ([.http2, .http11], [.http11, .http2], .http2),
      ([.http2, .http11], [.http11], .http11),
      ([.http11], [.http2, .http11], .http11),
      ([.http2, .http11], [], nil),
      ([], [.http2], nil),
    ] as [([ApplicationProtocol], [ApplicationProtocol], ApplicationProtocol?)])
  func theServerPrefersAProtocol(
    _ offered: [ApplicationProtocol], _ wanted: [ApplicationProtocol], _ chosen: ApplicationProtocol?
  ) throws {
    let pair = try SessionPair(client(wanted), server(protocols: offered)).run()
    #expect(pair.isEstablished)
    #expect(pair.client.session.applicationProtocol == chosen)
    #expect(pair.server.session.applicationProtocol == chosen)
  }

  /// RFC 7301 §3.2.
  @Test func noProtocolInCommonIsFatal() throws {
    let pair = try SessionPair(client([.http2]), server(protocols: [.http11])).run()
    #expect(pair.client.failure?.description == "tls_alert_received: no application protocol")
    #expect(pair.server.failure?.reason.description == "tls_no_shared_protocol_or_cipher")
  }

  @Test(arguments: [1, 2, 7, 1000]) func deliveryInPieces(_ pieces: Int) throws {
    let pair = try SessionPair(client(), server()).run(pieces: pieces)
    #expect(pair.isEstablished)
    try pair.client.send("request")
    try pair.server.send("response")
    pair.run(pieces: pieces)
    #expect(pair.server.text == "request")
    #expect(pair.client.text == "response")
  }

  /// Each ends in a failure, none in a trap or a wait without end.
  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "tls_handshake_failed"),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "tls_handshake_failed"),
    ("SSH-2.0-OpenSSH_9.2\r\n", "tls_handshake_failed"),
    ("\u{16}\u{3}\u{1}\u{0}\u{4}\u{2}\u{0}\u{0}\u{0}", "tls_handshake_failed"),
    ("\u{16}\u{3}\u{1}\u{7f}\u{7f}" + String(repeating: "x", count: 0x7f7f), "tls_handshake_failed"),
  ])
  func whatIsNotTLS(_ text: String, _ reason: String) throws {
    let end = SessionEnd(TLSSession(server: try server()))
    end.take([UInt8](text.utf8))
    #expect(end.failure?.reason.description == reason)
  }

  /// A ClientHello that announces 128 KiB of handshake in fragments.
  @Test func aHandshakeThatIsTooLarge() throws {
    let end = SessionEnd(TLSSession(server: try server()))
    end.take([0x16, 3, 1, 0x40, 0, 1, 1, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 0x4000 - 4))
    #expect(end.failure == nil)
    for _ in 0..<8 where end.failure == nil {
      end.take([0x16, 3, 1, 0x40, 0] + [UInt8](repeating: 0, count: 0x4000))
    }
    #expect(end.failure?.detail == "the handshake is too large")
  }

  /// A first flight with bytes changed or cut off: established or failed or waiting, never a trap.
  @Test func changedFirstFlights() throws {
    let context = try server()
    let hello = SessionEnd(TLSSession(client: try client(), name: "a.example", port: 443))
    hello.take([])
    let intact = hello.takeOutput()
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1_000 {
      var bytes = intact
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      let end = SessionEnd(TLSSession(server: context))
      end.take(bytes)
      #expect(!end.session.isEstablished)
      #expect(end.session.output.count < 8_192)
    }
  }

  @Test func theServerIsNoTLSServer() throws {
    let end = SessionEnd(TLSSession(client: try client(), name: "a.example", port: 443))
    end.take([])
    end.take([UInt8]("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    #expect(end.failure?.description == "tls_handshake_failed: what arrived is not TLS (wrong version number)")
  }

  // MARK: After the handshake

  @Test func closeNotifyEndsBothSides() throws {
    let pair = try SessionPair(client(), server()).run()
    try pair.client.send("last")
    pair.client.session.close()
    pair.run()
    #expect(pair.server.text == "last")
    #expect(pair.server.isClosed)
    #expect(!pair.client.isClosed)
    // The other side may go on.
    try pair.server.send("answer")
    pair.server.session.close()
    pair.run()
    #expect(pair.client.text == "answer")
    #expect(pair.client.isClosed)
  }

  @Test func aChangedRecordIsRefused() throws {
    let pair = try SessionPair(client(), server()).run()
    try pair.client.send("data")
    var bytes = pair.client.takeOutput()
    bytes[bytes.count - 1] ^= 1
    pair.server.take(bytes)
    #expect(pair.server.failure?.reason.description == "tls_broken_record")
    #expect(pair.server.received.isEmpty)
  }

  @Test func noRenegotiation() throws {
    let pair = try SessionPair(client(), server()).onlyTLS12().run()
    SSL_clear_options(pair.client.session.ssl, 1 << 30)
    #expect(SSL_renegotiate(pair.client.session.ssl) == 1)
    SSL_do_handshake(pair.client.session.ssl)
    pair.run()
    #expect(pair.client.failure?.detail == "no renegotiation")
    #expect(pair.server.failure?.description == "tls_alert_received: handshake failure")
  }

  /// Each would be answered by an alert, which piles up when the peer does not read.
  @Test func aFloodOfHelloRequestsIsCutOff() throws {
    let pair = try SessionPair(client(), server()).onlyTLS12().run()
    SSL_clear_options(pair.server.session.ssl, 1 << 30)
    for _ in 0..<1_000 where pair.client.failure == nil {
      SSL_renegotiate(pair.server.session.ssl)
      SSL_do_handshake(pair.server.session.ssl)
      pair.client.take(pair.server.takeOutput())
    }
    #expect(pair.client.failure?.detail == "too many handshake messages after the handshake")
    #expect(pair.client.takeOutput().count < 8_192)
  }

  @Test func aFewKeyUpdatesAreServed() throws {
    let pair = try SessionPair(client(), server()).run()
    for _ in 0..<10 {
      #expect(SSL_key_update(pair.client.session.ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
      try pair.client.send("x")
      pair.run()
      try pair.server.send("y")
      pair.run()
    }
    #expect(pair.isEstablished)
    #expect(pair.server.text == "xxxxxxxxxx")
    #expect(pair.client.text == "yyyyyyyyyy")
  }

  @Test func aFloodOfKeyUpdatesIsCutOff() throws {
    let pair = try SessionPair(client(), server()).run()
    for _ in 0..<1_000 where pair.server.failure == nil {
      SSL_key_update(pair.client.session.ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
      SSL_do_handshake(pair.client.session.ssl)
      pair.server.take(pair.client.takeOutput())
    }
    #expect(pair.server.failure?.reason.description == "tls_broken_record")
    #expect(pair.server.failure?.detail == "too many handshake messages after the handshake")
  }

  // MARK: The server's certificate, as the client sees it

  @Test(
    arguments: [
      ("a.example", nil), ("A.Example", nil), ("a.example.", nil), ("b.example", "tls_wrong_host"),
      ("x.w.example", nil), ("w.example", "tls_wrong_host"), ("x.y.w.example", "tls_wrong_host"),
      ("fo.p.example", "tls_wrong_host"), ("127.0.0.1", nil), ("127.0.0.2", "tls_wrong_host"), ("::1", nil),
      ("[::1]", nil), ("leaf", "tls_wrong_host"), ("", "tls_wrong_host"), ("a.example\0.b", "tls_wrong_host"),
    ] as [(String, String?)])
  func theCertificateMustBeForTheName(_ name: String, _ reason: String?) throws {
    let leaf = try authority.issue(
      names: ["a.example", "*.w.example", "f*.p.example", "IP:127.0.0.1", "IP:::1"])
    let pair = try SessionPair(client(), server(leaf), name: name).run()
    #expect(pair.client.failure?.reason.description == reason)
    #expect(pair.client.session.isEstablished == (reason == nil))
  }

  @Test func whatIsWrongWithACertificateIsSaid() throws {
    let other = try TestAuthority("Other CA")
    let cases: [(TestAuthority, String)] = [
      (try authority.issue(names: ["a.example"], end: -60), "tls_certificate_expired"),
      (try authority.issue(names: ["a.example"], start: 3600), "tls_certificate_not_yet_valid"),
      (try other.issue(names: ["a.example"]), "tls_unknown_issuer"),
      (try TestAuthority(names: ["a.example"], isAuthority: false), "tls_self_signed"),
      (try authority.issue("no authority").issue(names: ["a.example"]), "tls_certificate_invalid"),
    ]
    for (leaf, reason) in cases {
      let pair = try SessionPair(client(), server(leaf)).run()
      #expect(pair.client.failure?.reason.description == reason, "\(pair.client.failure?.description ?? "none")")
      #expect(pair.client.session.peerCertificate == nil)
      #expect(pair.server.failure?.reason.description == "tls_alert_received")
    }
  }

  @Test func intermediatesAreSent() throws {
    let leaf = try authority.issue("Intermediate", isAuthority: true).issue(names: ["a.example"])
    #expect(try SessionPair(client(), server(leaf)).run().isEstablished)
  }

  @Test func anAddressIsNoServerName() throws {
    let leaf = try authority.issue(names: ["IP:127.0.0.1"])
    let pair = try SessionPair(client(), server(leaf), name: "127.0.0.1").run()
    #expect(pair.isEstablished)
    #expect(pair.server.session.serverName == nil)
  }
}
