import Bytes
import COpenSSL

/// What connections to one backend or provider need to speak TLS. Keeps their sessions, to resume them.
package final class TLSClientContext {
  let context: TLSContext
  let sessions = ClientSessions()

  package init(_ settings: TLSClientSettings) throws(TLSFault) {
    context = try TLSContext(TLS_client_method(), minimumVersion: .v12, file: settings.ca ?? "system store")
    let raw = context.raw
    if let ca = settings.ca {
      context.trust(try Certificate.read(ca))
    } else {
      try SystemTrust.install(in: context)
    }
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
    switch (settings.certificate, settings.key) {
    case (let certificate?, let key?):
      try CertificateChain(certificate: certificate, key: key).install(in: context)
    case (let certificate?, nil):
      throw TLSFault(file: certificate, what: "the certificate has no key beside it", remedy: "give its key, too")
    case (nil, let key?):
      throw TLSFault(file: key, what: "the key has no certificate beside it", remedy: "give its certificate, too")
    case (nil, nil): break
    }
    let offer = ApplicationProtocol.wireFormat(settings.applicationProtocols)
    if !offer.isEmpty { SSL_CTX_set_alpn_protos(raw, offer, UInt32(offer.count)) }
    pc_ctx_set_session_cache_mode(raw, Int(SSL_SESS_CACHE_CLIENT) | Int(SSL_SESS_CACHE_NO_INTERNAL))
    SSL_CTX_sess_set_new_cb(raw) { ssl, session in
      guard let session, let owner = TLSSession.of(ssl) else { return 0 }
      return owner.didGetTicket(session) ? 1 : 0
    }
  }
}
