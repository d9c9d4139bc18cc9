import HTTP
package import Net

/// Connections to one backend, bounded in number, with a bounded queue behind them: reused last in, first out when
/// they carry one request at a time, shared when they carry many.
package final class UpstreamPool {
  package let endpoint: UpstreamEndpoint
  package let loop: Loop
  /// Lent to the connection that reads a response: heads are parsed whole and passed on at once.
  let head = ResponseHead()
  private var idle: [H1ClientConnection] = []
  private var shared: [H2ClientConnection] = []
  private var dialers: [Dialer] = []
  /// Connections that are open or being opened.
  private var open = 0
  private var queue = WaitingLine()
  private var queueDeadline: Deadline?
  private var isDraining = false
  private var addresses: (list: [SocketAddress], resolvedAt: UInt64)?
  /// Whether a connection will be shared: known once the first one is open.
  private var sharesConnections: Bool?

  package enum DialOutcome: Sendable { case opened(speaksHTTP2: Bool), failed }
  /// Called for each connection that was opened, or could not be.
  package var onDial: ((DialOutcome) -> Void)?

  /// Requests at once that the backend lets a connection carry; before it has said so, what RFC 9113 §6.5.2 recommends.
  var streamLimit = 100

  /// Milliseconds a resolved name is used before it is looked up again.
  private static let nameLifetime: UInt64 = 30_000
  package init(_ loop: Loop, _ endpoint: UpstreamEndpoint) {
    self.loop = loop
    self.endpoint = endpoint
  }

  deinit { queueDeadline?.invalidate() }

  /// Gives `client` a connection: at once when one is free.
  package func acquire(for client: any UpstreamClient) {
    if queue.isEmpty, let connection = freeConnection() { return connection.serve(client) }
    guard queue.count - covered < endpoint.maxWaiting else { return client.upstreamFailed(.queueFull) }
    queue.append(client, due: loop.now + endpoint.responseTimeout)
    if queue.count == 1 { watchQueue() }
    dialAsNeeded()
  }

  /// Forgets a client that has no connection yet.
  package func cancel(_ client: any UpstreamClient) {
    queue.remove(client)
  }

  /// Closes idle connections; those in use close behind their response.
  package func drain() {
    isDraining = true
    for connection in idle { connection.close() }
    idle.removeAll()
    for connection in shared { connection.drain() }
  }

  /// How many of those who wait the connections will carry that are being opened, or could be for one more.
  private var covered: Int {
    let mayOpen = open < endpoint.maxConnections
    if mayShare { return dialers.isEmpty && !mayOpen ? 0 : streamLimit }
    return dialers.count + (mayOpen ? 1 : 0)
  }

  // MARK: Connections

  /// Whether the connections of this backend are shared, or may turn out to be.
  private var mayShare: Bool { sharesConnections ?? endpoint.mayMultiplex }

  /// An open connection that can take a request now.
  private func freeConnection() -> (any UpstreamConnection)? {
    if let connection = shared.last(where: { $0.hasRoom }) { return connection }
    while let connection = idle.popLast() {
      if connection.isUsable { return connection }
      connection.close()
    }
    return nil
  }

  /// Opens connections for those who wait: one each, or one for many where it is going to be shared.
  private func dialAsNeeded() {
    // Asked each time: what fails at once has sent one away who waits.
    while dialers.count < (mayShare ? min(1, queue.count) : queue.count), open < endpoint.maxConnections {
      open += 1
      dial()
    }
  }

  private func dial() {
    final class Target { var dialer: Dialer? }
    let target = Target()
    let dialer = Dialer(self) { [self] result in
      dialers.removeAll { $0 === target.dialer }
      target.dialer = nil
      switch result {
      case .success(let transport): connected(transport)
      case .failure(let failure): failed(failure)
      }
    }
    target.dialer = dialer
    dialers.append(dialer)
    dialer.dial()
  }

  private func connected(_ transport: Transport) {
    let speaksHTTP2 =
      endpoint.tls == nil ? endpoint.http2 == .always : transport.tls?.applicationProtocol == .http2
    if endpoint.http2 == .always, !speaksHTTP2 {
      transport.close()
      return failed(.noHTTP2)
    }
    sharesConnections = speaksHTTP2
    onDial?(.opened(speaksHTTP2: speaksHTTP2))
    if speaksHTTP2 {
      let connection = H2ClientConnection(self, transport)
      shared.append(connection)
      connection.start()
    } else {
      let connection = H1ClientConnection(self, transport)
      if queue.isEmpty, isDraining {
        connection.close()
      } else {
        connection.rest()
        idle.append(connection)
      }
    }
    serveQueue()
    if isDraining { for connection in shared { connection.drain() } }
  }

  /// Nobody who waits for this connection gets another one.
  private func failed(_ failure: UpstreamFailure) {
    open -= 1
    onDial?(.failed)
    // A client that asks again from inside waits for the next connection.
    for _ in 0..<(mayShare ? queue.count : min(1, queue.count)) { queue.removeFirst()?.upstreamFailed(failure) }
    dialAsNeeded()
  }

  private func serveQueue() {
    while !queue.isEmpty, let connection = freeConnection() {
      if let next = queue.removeFirst() { connection.serve(next) }
    }
    dialAsNeeded()
  }

  // MARK: For connections

  /// A connection has finished a request and can take another.
  func release(_ connection: H1ClientConnection) {
    // An idle connection is watched for stray bytes; one that goes on at once is not, so the kernel is asked.
    if !queue.isEmpty, connection.hasStrayInput { return connection.close() }
    if let next = queue.removeFirst() { return connection.serve(next) }
    if isDraining { return connection.close() }
    connection.rest()
    idle.append(connection)
  }

  /// A shared connection has room for one more request.
  func hasRoom(_ connection: H2ClientConnection) { if !queue.isEmpty { serveQueue() } }

  /// A shared connection takes no more requests.
  func retire(_ connection: H2ClientConnection) { shared.removeAll { $0 === connection } }

  /// A connection is closed.
  func remove(_ connection: AnyObject) {
    open -= 1
    idle.removeAll { $0 === connection }
    shared.removeAll { $0 === connection }
    dialAsNeeded()
  }

  private func watchQueue() {
    let deadline = queueDeadline ?? Deadline(loop.deadlines) { [unowned self] in expireQueue() }
    queueDeadline = deadline
    if let first = queue.first { deadline.set(at: first.due) }
  }

  private func expireQueue() {
    while let first = queue.first, first.due <= loop.now {
      _ = queue.removeFirst()
      first.client.upstreamFailed(.queueTimedOut)
    }
    if !queue.isEmpty { watchQueue() }
  }

  // MARK: Names

  /// Finds where to connect; a name is looked up off the loop.
  func locate(_ completion: @escaping (Result<[SocketAddress], NetFailure>) -> Void) {
    if let pinned = endpoint.pinnedAddresses { return completion(.success(pinned)) }
    switch endpoint.peer {
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
