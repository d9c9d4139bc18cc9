import HTTP
import Net
import Pipeline

/// What is known about the other end of a client connection.
final class Visitor {
  let listener: InboundListener
  /// The peer's address literal, or `unix`; behind a PROXY header, that of the source it names.
  private(set) var address: [UInt8]
  /// Nil when the peer is no trusted proxy.
  private var forwarded: ForwardedClient?
  /// The verified certificate of the client (mutual TLS).
  var certificate: ClientCertificate?

  init(_ listener: InboundListener, _ peer: SocketAddress) {
    self.listener = listener
    address = peer.clientName
    forwarded = ForwardedClient(peer: peer, trusted: listener.options.trustedProxies)
  }

  /// The connection comes from somebody else, says the load balancer.
  func introduce(_ source: SocketAddress) {
    address = source.clientName
    forwarded = ForwardedClient(peer: source, trusted: listener.options.trustedProxies)
  }

  /// The address of the client whose request this is: behind trusted proxies, what they say.
  func clientAddress(_ fields: Fields) -> [UInt8] { forwarded?.address(fields) ?? address }
}
