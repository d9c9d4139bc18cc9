package import Net
import Telemetry

/// One socket that accepts clients, and its rules for them.
package final class InboundListener {
  /// `tls` is replaced when certificates change: connections keep what they began with.
  package var options: ListenerOptions
  /// The address as logs have it.
  let name: [UInt8]
  private let listener: Listener
  private unowned let service: InboundService
  private var handshakes = 0

  init(
    _ service: InboundService, _ address: SocketAddress, backlog: Int, socket: Int32?, _ options: ListenerOptions
  ) throws(NetFailure) {
    final class Target { weak var listener: InboundListener? }
    let target = Target()
    listener = try Listener(service.loop, address, backlog: backlog, socket: socket) { transport, peer in
      target.listener?.accept(transport, peer)
    }
    self.service = service
    self.options = options
    name = [UInt8](listener.address.description.utf8)
    target.listener = self
    listener.hasRoom = { [unowned self] in
      service.hasRoom && handshakes < service.settings.maxHandshakes
    }
  }

  /// How metrics call it.
  var label: ListenerLabel { options.tls == nil ? .clear : .tls }

  /// Where it listens, with the port that the system chose for port 0.
  package var address: SocketAddress { listener.address }

  private func accept(_ transport: Transport, _ peer: SocketAddress?) {
    // Over a UNIX-domain socket nobody has an address; over TCP only a peer that is gone already.
    guard let peer = peer ?? (address.isSocket ? address : nil) else { return transport.close() }
    let visitor = Visitor(self, peer)
    if let sources = options.proxyProtocol, !sources.contains(peer) {
      service.metrics.count(.connectionsRefused, "not_a_proxy")
      service.log.event(.warning, "connection_refused") { line in
        line.member("reason", "not_a_proxy")
        visitor.address.withUnsafeBytes { line.member("client", $0) }
      }
      return transport.close()
    }
    let doorstep = Doorstep(service, transport, visitor)
    service.add(doorstep)
    doorstep.start()
  }

  func handshakeBegan() { handshakes += 1 }

  func handshakeEnded() {
    handshakes -= 1
    resume()
  }

  func resume() { listener.resume() }

  func close() { listener.close() }
}
