package import Net

/// How a listener treats its connections.
package struct ListenerOptions {
  /// Nil: clear.
  package var tls: TLSServerContext?
  /// Recognise HTTP/2 with prior knowledge on a clear listener; over TLS the context's ALPN decides.
  package var http2 = true
  /// Who connects here, each with a PROXY header first; nil: anybody, without.
  package var proxyProtocol: AddressRanges?
  /// Whose word about the client's address is believed.
  package var trustedProxies = AddressRanges([])

  package init() {}
}
