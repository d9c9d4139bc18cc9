import Bytes
import COpenSSL
import Glibc

/// Sets up the contexts of one listener: they differ only in their certificates.
struct ServerContextSetup {
  private let settings: TLSServerSettings
  private let authorities: [Certificate]
  private let sessionScope: [UInt8]

  init(_ settings: TLSServerSettings, _ authorities: [Certificate]) {
    self.settings = settings
    self.authorities = authorities
    sessionScope = Self.scope(settings.clientCertificates, authorities)
  }

  /// Names whom sessions were verified against: a ticket from a listener that asks for no client certificate, or
  /// trusts others, resumes nothing here.
  private static func scope(
    _ clients: TLSServerSettings.ClientCertificates, _ authorities: [Certificate]
  ) -> [UInt8] {
    var text: [UInt8]
    switch clients {
    case .none: text = [0]
    case .optional: text = [1]
    case .required: text = [2]
    }
    for authority in authorities { text += authority.sha256 }
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_Digest(text, text.count, &digest, nil, EVP_sha256(), nil)
    return digest
  }

  func context(_ chains: [CertificateChain]) throws(TLSFault) -> TLSContext {
    let file = chains.first?.file ?? "certificates"
    let context = try TLSContext(TLS_server_method(), minimumVersion: settings.minimumVersion, file: file)
    for chain in chains { try chain.install(in: context) }
    let raw = context.raw
    // Sessions live in tickets only, and nothing is accepted ahead of the handshake: it could be replayed.
    pc_ctx_set_session_cache_mode(raw, Int(SSL_SESS_CACHE_OFF))
    pc_ctx_set_timeout(raw, TicketKeys.sessionLifetime)
    SSL_CTX_set_num_tickets(raw, 1)
    SSL_CTX_set_max_early_data(raw, 0)
    SSL_CTX_set_recv_max_early_data(raw, 0)
    guard SSL_CTX_set_session_id_context(raw, sessionScope, UInt32(sessionScope.count)) == 1 else {
      throw .openSSL(file, "OpenSSL names no sessions", "check OpenSSL's own configuration (OPENSSL_CONF)")
    }
    askForCertificate(context)
    setCallbacks(raw)
    return context
  }

  private func askForCertificate(_ context: TLSContext) {
    switch settings.clientCertificates {
    case .none: return
    case .optional: SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER, nil)
    case .required: SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    context.trust(authorities)
    for authority in authorities { SSL_CTX_add_client_CA(context.raw, authority.raw) }
  }

  private func setCallbacks(_ raw: OpaquePointer) {
    pc_ctx_set_servername_callback(raw) { ssl, _, _ in
      guard let session = TLSSession.of(ssl), let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
        return SSL_TLSEXT_ERR_NOACK
      }
      guard let context = session.server?.context(for: ByteView(start: name, count: strlen(name))) else {
        return SSL_TLSEXT_ERR_NOACK
      }
      return SSL_set_SSL_CTX(ssl, context.raw) == nil ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK
    }
    pc_ctx_set_status_callback(raw) { ssl, _ in
      guard let ssl, let server = TLSSession.of(ssl)?.server else { return SSL_TLSEXT_ERR_NOACK }
      return server.staple(to: ssl, now: Loop.unixTime) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
    }
    SSL_CTX_set_tlsext_ticket_key_evp_cb(raw) { ssl, name, vector, context, mac, seals in
      guard let tickets = TLSSession.of(ssl)?.server?.tickets, let name, let vector else { return -1 }
      if seals == 1 { return tickets.seal(name, vector, context, mac) }
      return tickets.open(renews: SSL_version(ssl) >= TLS1_3_VERSION, name, vector, context, mac)
    }
    guard !settings.applicationProtocols.isEmpty else { return }
    SSL_CTX_set_alpn_select_cb(
      raw,
      { ssl, chosen, length, offer, count, _ in
        guard let server = TLSSession.of(ssl)?.server, let offer,
          let found = ApplicationProtocol.select(
            server.applicationProtocols, from: ByteView(start: offer, count: Int(count)))
        else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        chosen?.pointee = offer + found.lowerBound
        length?.pointee = UInt8(truncatingIfNeeded: found.count)
        return SSL_TLSEXT_ERR_OK
      }, nil)
  }
}
