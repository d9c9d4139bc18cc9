package import Net

/// Connections to one backend: reused last in, first out, bounded in number, with a bounded queue behind them.
package final class UpstreamPool {
  package let endpoint: UpstreamEndpoint
  let loop: Loop
  private var idle: [H1ClientConnection] = []
  private var open = 0
  private var queue: [(client: any UpstreamClient, due: UInt64)] = []
  private var queueDeadline: Deadline?
  private var isDraining = false
  private var addresses: (list: [SocketAddress], resolvedAt: UInt64)?

  /// Milliseconds a resolved name is used before it is looked up again.
  private static let nameLifetime: UInt64 = 30_000

  package init(_ loop: Loop, _ endpoint: UpstreamEndpoint) {
    self.loop = loop
    self.endpoint = endpoint
  }

  deinit { queueDeadline?.invalidate() }

  /// Gives `client` a connection: at once when one is idle.
  package func acquire(for client: any UpstreamClient) {
    while let connection = idle.popLast() {
      if connection.isUsable { return connection.serve(client) }
      connection.close()
    }
    if open < endpoint.maxConnections { return connect(for: client) }
    guard queue.count < endpoint.maxWaiting else { return client.upstreamFailed(.queueFull) }
    queue.append((client, loop.now + endpoint.responseTimeout))
    if queue.count == 1 { watchQueue() }
  }

  /// Forgets a client that has no connection yet.
  package func cancel(_ client: any UpstreamClient) {
    queue.removeAll { $0.client === client }
  }

  /// Closes idle connections; those in use close behind their response.
  package func drain() {
    isDraining = true
    for connection in idle { connection.close() }
    idle.removeAll()
  }

  // MARK: For connections

  func connect(for client: any UpstreamClient) {
    open += 1
    let connection = H1ClientConnection(self)
    connection.dial(for: client)
  }

  /// A connection has finished a request and can take another.
  func release(_ connection: H1ClientConnection) {
    // An idle connection is watched for stray bytes; one that goes on at once is not, so the kernel is asked.
    if !queue.isEmpty, connection.hasStrayInput { return connection.close() }
    if let next = takeWaiting() { return connection.serve(next) }
    if isDraining { return connection.close() }
    connection.rest()
    idle.append(connection)
  }

  /// A connection is closed.
  func remove(_ connection: H1ClientConnection) {
    open -= 1
    if let index = idle.firstIndex(where: { $0 === connection }) { idle.remove(at: index) }
    if open < endpoint.maxConnections, let next = takeWaiting() { connect(for: next) }
  }

  private func takeWaiting() -> (any UpstreamClient)? {
    queue.isEmpty ? nil : queue.removeFirst().client
  }

  private func watchQueue() {
    let deadline = queueDeadline ?? Deadline(loop.deadlines) { [unowned self] in expireQueue() }
    queueDeadline = deadline
    if let first = queue.first { deadline.set(at: first.due) }
  }

  private func expireQueue() {
    while let first = queue.first, first.due <= loop.now {
      queue.removeFirst()
      first.client.upstreamFailed(.queueTimedOut)
    }
    if !queue.isEmpty { watchQueue() }
  }

  // MARK: Names

  /// Finds where to connect; a name is looked up off the loop.
  func locate(_ completion: @escaping (Result<[SocketAddress], NetFailure>) -> Void) {
    switch endpoint.address {
    case .socket(let path): completion(.success([.unix(path: path)]))
    case .host(let host, let port):
      if let addresses, loop.now - addresses.resolvedAt < Self.nameLifetime {
        return completion(.success(addresses.list))
      }
      Resolver.resolve(loop, host: host, port: port) { [self] result in
        if case .success(let list) = result { addresses = (list, loop.now) }
        completion(result)
      }
    }
  }

  /// An address did not answer: the name is looked up again next time.
  func forgetAddresses() { addresses = nil }
}
