import HTTP
package import Net
package import Pipeline
package import Telemetry

/// What all client connections share: settings, the way to a route, the log, recycled exchanges, and who is open.
package final class InboundService {
  package let loop: Loop
  package let settings: InboundSettings
  package let log: Log
  package let metrics: Metrics
  /// Finds the route of a request; replaced as a whole on reload.
  package var router: Router
  package private(set) var listeners: [InboundListener] = []
  private var connections: [any ServerConnection] = []
  private var spareExchanges: [Exchange] = []
  private var clock = WallClock()
  private var drained: (() -> Void)?
  private var drainDeadline: Deadline?

  /// Whether the process is about to stop: connections close behind their response.
  package var isDraining: Bool { drained != nil }

  /// Exchanges kept for reuse at the most.
  private static let spareLimit = 1024

  package init(
    _ loop: Loop, _ settings: InboundSettings, _ router: Router, _ log: Log,
    _ metrics: Metrics = Metrics()
  ) {
    self.metrics = metrics
    self.loop = loop
    self.settings = settings
    self.router = router
    self.log = log
  }

  /// Listens on one more address.
  ///
  /// - Parameter socket: a descriptor that is bound to the address; nil: one is made.
  /// - Returns: the listener, which knows the port that the system chose for port 0.
  @discardableResult
  package func listen(
    _ address: SocketAddress, backlog: Int, socket: Int32? = nil, _ options: ListenerOptions = ListenerOptions()
  ) throws(NetFailure) -> InboundListener {
    let listener = try InboundListener(self, address, backlog: backlog, socket: socket, options)
    listeners.append(listener)
    return listener
  }

  /// Whether one more connection may be accepted.
  var hasRoom: Bool { connections.count < settings.maxConnections }

  func add(_ connection: any ServerConnection) {
    connection.index = connections.count
    connections.append(connection)
    metrics.count(.connectionsAccepted(connection.visitor.listener.label))
    metrics.change(.connectionsOpen(connection.visitor.listener.label), by: 1)
  }

  /// The connection has become one that speaks a known protocol.
  func replace(_ old: any ServerConnection, by new: any ServerConnection) {
    let index = old.index
    guard connections.indices.contains(index), connections[index] === old else { return }
    new.index = index
    connections[index] = new
  }

  func remove(_ connection: any ServerConnection) {
    let index = connection.index
    guard connections.indices.contains(index), connections[index] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      last.index = index
      connections[index] = last
    }
    metrics.change(.connectionsOpen(connection.visitor.listener.label), by: -1)
    resumeAccepting()
    if connections.isEmpty { finishDraining() }
  }

  /// There may be room for a connection that waits.
  func resumeAccepting() { for listener in listeners { listener.resume() } }

  // MARK: Exchanges

  func takeExchange() -> Exchange { spareExchanges.popLast() ?? Exchange() }

  /// Takes back an exchange that has not begun.
  func returnExchange(_ exchange: Exchange) {
    if spareExchanges.count < Self.spareLimit { spareExchanges.append(exchange) }
  }

  /// Takes up a request whose head has arrived.
  func begin(_ exchange: Exchange, _ responder: any Responder, _ length: BodyLength, _ visitor: Visitor) {
    exchange.begin(
      responder, bodyLength: length, clientAddress: visitor.clientAddress(exchange.request.fields),
      startedAt: Loop.nanoseconds)
    exchange.clientCertificate = visitor.certificate
  }

  func handle(_ exchange: Exchange) {
    guard let route = router.route(for: exchange.request) else { return exchange.reject(.notFound) }
    exchange.run(route)
  }

  /// Writes the exchange's log line and recycles it.
  func finish(_ exchange: Exchange, _ visitor: Visitor) {
    let version: ProtocolLabel = exchange.request.version == .http2 ? .http2 : .http1
    metrics.count(.requests(version, status: exchange.record.status))
    exchange.writeLine(to: log, listener: visitor.listener.name, endedAt: Loop.nanoseconds)
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
