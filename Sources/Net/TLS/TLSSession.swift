import Bytes
import COpenSSL

/// One TLS connection's state: ciphertext in, plaintext out, and back. It does no I/O.
///
/// Whoever owns it lends ciphertext in `input`, calls `handshake`, then `decrypt`, and sends what has come into
/// `output`. OpenSSL takes input record by record, so whatever it has not asked for yet stays in `input`.
package final class TLSSession {
  enum HandshakeStep {
    case complete, incomplete
    case failed(TLSFailure)
  }

  enum DecryptStep {
    case bytes(Int)
    /// More input is needed.
    case blocked
    /// The peer has said that nothing more comes (`close_notify`).
    case closed
    case failed(TLSFailure)
  }

  let server: TLSServerContext?
  private let client: TLSClientContext?
  /// The key of the client's sessions.
  private let peerKey: String
  let ssl: OpaquePointer?
  /// The context's; ours while OpenSSL works on this connection.
  private let bio: OpaquePointer?
  /// Ciphertext that waits to be taken; lent.
  var input = ByteView(start: nil, count: 0)
  /// Ciphertext to send. Whoever owns the session may put an empty buffer of its own here.
  var output = ByteBuffer()
  private(set) var isEstablished = false
  /// Set when the connection must end although OpenSSL would go on.
  private var fault: TLSFailure?
  /// Bytes of handshake that may still come.
  private var handshakeBudget: Int
  /// Steps of the protocol after the handshake (tickets, key updates) that may still come, and data since the last.
  private var messageBudget = 128
  private var received = 0
  private var knownPeer: PeerCertificate?

  /// Bytes of handshake at the most: a ClientHello, with a chain of certificates where one is asked for.
  private static let handshakeLimit = 32_768
  private static let handshakeLimitWithCertificate = 131_072
  /// Bytes of data that earn one more message.
  private static let dataPerMessage = 8_192

  /// The server's side.
  package init(server: TLSServerContext) {
    self.server = server
    client = nil
    peerKey = ""
    ssl = SSL_new(server.initial.raw)
    bio = server.initial.bio
    handshakeBudget = server.asksForCertificate ? Self.handshakeLimitWithCertificate : Self.handshakeLimit
    connect()
    SSL_set_accept_state(ssl)
  }

  /// The client's side. `name` is sent to the server unless it is an address, and its certificate must be for it.
  package init(client: TLSClientContext, name: String, port: Int) {
    server = nil
    self.client = client
    peerKey = "\(name):\(port)"
    ssl = SSL_new(client.context.raw)
    bio = client.context.bio
    handshakeBudget = Self.handshakeLimitWithCertificate
    connect()
    SSL_set_connect_state(ssl)
    verify(name)
    client.sessions.resume(ssl, for: peerKey)
  }

  private func connect() {
    guard let bio, let ssl, BIO_up_ref(bio) == 1 else {
      fault = TLSFailure(.handshakeFailed, "out of memory")
      return
    }
    // One reference is enough for both directions.
    SSL_set_bio(ssl, bio, bio)
    begin()
  }

  /// Before each call that may read, write or call back.
  private func begin() {
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    ERR_clear_error()
  }

  private func verify(_ name: String) {
    let host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
    guard let parameters = SSL_get0_param(ssl) else { return }
    // OpenSSL would take an empty name for "do not check".
    guard !host.isEmpty, !host.utf8.contains(0) else {
      fault = TLSFailure(.wrongHost, "there is no name that the certificate could be for")
      return
    }
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
    ERR_clear_error()
    let dns = host.hasSuffix(".") ? String(host.dropLast()) : host
    X509_VERIFY_PARAM_set_hostflags(
      parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    guard X509_VERIFY_PARAM_set1_host(parameters, dns, dns.utf8.count) == 1,
      pc_ssl_set_host_name(ssl, dns) == 1
    else {
      fault = TLSFailure(.wrongHost, "\(dns) is no host name")
      return ERR_clear_error()
    }
  }

  deinit {
    // Dropped without this, OpenSSL would take the session for broken and never resume it.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    SSL_free(ssl)
    if BIO_get_data(bio) == Unmanaged.passUnretained(self).toOpaque() { BIO_set_data(bio, nil) }
  }

  /// The session that OpenSSL's callbacks are about.
  static func of(_ ssl: OpaquePointer?) -> TLSSession? {
    guard let bio = SSL_get_rbio(ssl), let data = BIO_get_data(bio) else { return nil }
    return Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
  }

  // MARK: What the callbacks need

  /// Copies input for OpenSSL; 0: there is none, or it must end.
  func takeInput(_ target: UnsafeMutableRawPointer, _ room: Int) -> Int {
    guard fault == nil, let start = input.baseAddress else { return 0 }
    let count = min(room, input.count)
    if !isEstablished {
      handshakeBudget -= count
      if handshakeBudget < 0 {
        fault = TLSFailure(.handshakeFailed, "the handshake is too large")
        return 0
      }
    }
    target.copyMemory(from: start, byteCount: count)
    input = input.from(count)
    return count
  }

  /// Whether more input helps.
  var mayContinue: Bool { fault == nil }

  /// A message of the protocol has come, or been answered by an alert. Each costs work, and what goes back to a peer
  /// that does not read piles up: they are limited.
  func didHandleMessage() {
    guard isEstablished else { return }
    messageBudget += received / Self.dataPerMessage
    received %= Self.dataPerMessage
    messageBudget -= 1
    if messageBudget < 0 { fault = TLSFailure(.brokenRecord, "too many handshake messages after the handshake") }
  }

  /// A session that can be resumed. - Returns: whether the handle is ours now.
  func didGetTicket(_ session: OpaquePointer) -> Bool {
    guard let client else { return false }
    client.sessions.keep(session, for: peerKey)
    return true
  }

  // MARK: Steps

  /// Goes on with the handshake.
  func handshake() -> HandshakeStep {
    if let fault { return .failed(fault) }
    begin()
    let result = SSL_do_handshake(ssl)
    if result == 1 { return established() }
    if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return .incomplete }
    return .failed(failure())
  }

  private func established() -> HandshakeStep {
    isEstablished = true
    if client != nil, SSL_version(ssl) < TLS1_3_VERSION, let session = SSL_get1_session(ssl) {
      // OpenSSL does not tell of a ticket that has been renewed.
      _ = didGetTicket(session)
    }
    guard let server, server.asksForCertificate else { return .complete }
    // Resumed or not: OpenSSL has seen to it, and this does not rest on that alone. It has not looked at the dates of
    // a certificate that has come with a session, whose ticket each resumption renews.
    guard let certificate = verifiedCertificate else {
      guard server.requiresClientCertificate else { return .complete }
      return .failed(TLSFailure(.certificateRequired, "the session has no verified certificate"))
    }
    guard certificate.notAfter > Loop.unixTime else {
      return .failed(TLSFailure(.clientCertificateRejected, "certificate has expired"))
    }
    return .complete
  }

  /// Decrypts into `target`, at least one record if a whole one is there: 16 KiB must fit.
  func decrypt(into target: UnsafeMutableRawPointer, _ room: Int) -> DecryptStep {
    begin()
    let result = SSL_read(ssl, target, Int32(truncatingIfNeeded: room))
    if result > 0 {
      received &+= Int(result)
      return .bytes(Int(result))
    }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .blocked
    case SSL_ERROR_ZERO_RETURN: return .closed
    default: return .failed(failure())
    }
  }

  /// Encrypts all of `bytes` into `output`.
  func encrypt(_ bytes: ByteView) -> TLSFailure? {
    var rest = bytes
    while rest.count > 0 {
      begin()
      let result = SSL_write(ssl, rest.baseAddress, Int32(truncatingIfNeeded: rest.count))
      guard result > 0 else { return failure() }
      rest = rest.from(Int(result))
    }
    return nil
  }

  /// Tells the peer that nothing more comes (`close_notify`).
  func close() {
    begin()
    SSL_shutdown(ssl)
    ERR_clear_error()
  }

  private func failure() -> TLSFailure {
    let taken = TLSFailure.take(ssl, isServer: server != nil, isEstablished: isEstablished)
    return fault ?? taken
  }

  // MARK: What has been agreed

  /// By ALPN.
  package var applicationProtocol: ApplicationProtocol? {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &length)
    return ApplicationProtocol(ByteView(start: name, count: Int(length)))
  }

  /// Whether the handshake was shortened by an earlier session.
  package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  package var version: StaticString { SSL_version(ssl) == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2" }

  /// For example `TLS_AES_128_GCM_SHA256`.
  package var cipher: String {
    SSL_get_current_cipher(ssl).flatMap { SSL_CIPHER_get_name($0) }.map { String(cString: $0) } ?? ""
  }

  /// The name that the client has asked for (RFC 6066 §3).
  package var serverName: String? {
    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
  }

  /// The peer's certificate, once the handshake is over and if it has been verified.
  package var peerCertificate: PeerCertificate? {
    if knownPeer == nil {
      knownPeer = verifiedCertificate.map { PeerCertificate(subject: $0.subject, sha256: $0.sha256) }
    }
    return knownPeer
  }

  /// What there is to know about that certificate.
  ///
  /// - Parameter place: stands for its file.
  package func peerSummary(place: String) -> CertificateSummary? {
    verifiedCertificate.map { CertificateSummary(file: place, $0, ocspNextUpdate: nil) }
  }

  private var verifiedCertificate: Certificate? {
    guard isEstablished, SSL_get_verify_result(ssl) == X509_V_OK, let raw = SSL_get1_peer_certificate(ssl) else {
      return nil
    }
    return Certificate(owning: raw)
  }
}
