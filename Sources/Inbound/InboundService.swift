package import Net
package import Pipeline
package import Telemetry

/// What all client connections share: settings, the way to a route, the log, recycled exchanges, and who is open.
package final class InboundService {
  package let loop: Loop
  package let settings: InboundSettings
  package let log: Log
  /// Finds the route of a request; replaced as a whole on reload.
  package var router: Router
  private var listeners: [Listener] = []
  private var connections: [H1ServerConnection] = []
  private var spareExchanges: [Exchange] = []
  private var clock = WallClock()
  private var drained: (() -> Void)?
  private var drainDeadline: Deadline?

  /// Whether the process is about to stop: connections close behind their response.
  package var isDraining: Bool { drained != nil }

  /// Exchanges kept for reuse at the most.
  private static let spareLimit = 1024

  package init(_ loop: Loop, _ settings: InboundSettings, _ router: Router, _ log: Log) {
    self.loop = loop
    self.settings = settings
    self.router = router
    self.log = log
  }

  /// Listens on one more address.
  ///
  /// - Returns: the address with the port that the system chose for port 0.
  @discardableResult
  package func listen(_ address: SocketAddress, backlog: Int) throws(NetFailure) -> SocketAddress {
    let name = ListenerName()
    let listener = try Listener(loop, address, backlog: backlog) { [unowned self] transport, peer in
      accept(transport, peer, name)
    }
    name.text = [UInt8](listener.address.description.utf8)
    listener.hasRoom = { [unowned self] in connections.count < settings.maxConnections }
    listeners.append(listener)
    return listener.address
  }

  private func accept(_ transport: Transport, _ peer: SocketAddress?, _ name: ListenerName) {
    let connection = H1ServerConnection(self, transport, client: peer?.host ?? "unix", listener: name.text)
    connection.index = connections.count
    connections.append(connection)
    connection.start()
  }

  func remove(_ connection: H1ServerConnection) {
    let index = connection.index
    guard connections.indices.contains(index), connections[index] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      last.index = index
      connections[index] = last
    }
    for listener in listeners { listener.resume() }
    if connections.isEmpty { finishDraining() }
  }

  // MARK: Exchanges

  func takeExchange() -> Exchange { spareExchanges.popLast() ?? Exchange() }

  /// Takes back an exchange that has not begun.
  func returnExchange(_ exchange: Exchange) {
    if spareExchanges.count < Self.spareLimit { spareExchanges.append(exchange) }
  }

  func handle(_ exchange: Exchange) {
    guard let route = router.route(for: exchange.request) else { return exchange.reject(.notFound) }
    exchange.run(route)
  }

  /// Writes the exchange's log line and recycles it.
  func finish(_ exchange: Exchange, listener: [UInt8]) {
    exchange.writeLine(to: log, listener: listener, endedAt: Loop.nanoseconds)
    exchange.end()
    returnExchange(exchange)
  }

  /// The Date field of a response sent now.
  func withDate(_ body: (WallClock) -> Void) {
    clock.update()
    body(clock)
  }

  // MARK: Stopping

  /// Stops accepting, closes idle connections, lets running exchanges finish, and then calls `done`.
  ///
  /// - Parameter timeout: milliseconds after which the rest is cut.
  package func drain(timeout: UInt64, _ done: @escaping () -> Void) {
    guard drained == nil else { return }
    drained = done
    for listener in listeners { listener.close() }
    listeners.removeAll()
    for connection in connections { connection.drain() }
    if connections.isEmpty { return finishDraining() }
    let deadline = Deadline(loop.deadlines) { [unowned self] in
      for connection in connections { connection.cut() }
    }
    drainDeadline = deadline
    deadline.set(in: timeout)
  }

  private func finishDraining() {
    guard let done = drained else { return }
    drained = {}
    drainDeadline?.invalidate()
    done()
  }
}

/// The address a listener has after it was bound, for the log.
private final class ListenerName {
  var text: [UInt8] = []
}
