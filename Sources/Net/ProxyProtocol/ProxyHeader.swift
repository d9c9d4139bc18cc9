/// What a PROXY header says about the connection behind it.
package struct ProxyHeader: Equatable, Sendable {
  /// Who connected to the load balancer, and to which of its addresses. Nil when the header says nothing of that
  /// (`LOCAL`, `UNKNOWN`): the connection's own addresses count then.
  package let source: SocketAddress?
  package let destination: SocketAddress?

  /// The load balancer speaks for itself, or does not know.
  static let withoutAddresses = ProxyHeader(source: nil, destination: nil)
}
