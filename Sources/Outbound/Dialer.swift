import Net

/// Opens one connection to a backend: looks up its name, tries its addresses, secures it.
final class Dialer {
  private let pool: UpstreamPool
  private var completion: ((Result<Transport, UpstreamFailure>) -> Void)?
  private var connector: Connector?
  private var transport: Transport?
  private var deadline: Deadline?

  /// - Parameter completion: called once, from the loop or from inside this call, unless `cancel` comes first.
  init(_ pool: UpstreamPool, completion: @escaping (Result<Transport, UpstreamFailure>) -> Void) {
    self.pool = pool
    self.completion = completion
  }

  func dial() {
    let deadline = Deadline(pool.loop.deadlines) { [self] in finish(.failure(.connectTimedOut)) }
    self.deadline = deadline
    deadline.set(in: pool.endpoint.connectTimeout)
    pool.locate { [self] result in
      guard completion != nil else { return }
      switch result {
      case .success(let addresses): connect(addresses[...])
      case .failure(let failure): finish(.failure(.nameNotResolved(failure)))
      }
    }
  }

  func cancel() {
    completion = nil
    release()
    transport?.close()
    transport = nil
  }

  private func release() {
    deadline?.invalidate()
    deadline = nil
    connector?.cancel()
    connector = nil
  }

  /// Tries one address after the other.
  private func connect(_ addresses: ArraySlice<SocketAddress>) {
    guard let address = addresses.first else { return finish(.failure(.connectFailed(.notFound))) }
    do throws(NetFailure) {
      connector = try Connector.connect(pool.loop, to: address) { [self] result in
        connector = nil
        switch result {
        case .success(let transport): connected(transport)
        case .failure(let failure): tryNext(addresses.dropFirst(), failure)
        }
      }
    } catch {
      tryNext(addresses.dropFirst(), error)
    }
  }

  private func tryNext(_ rest: ArraySlice<SocketAddress>, _ failure: NetFailure) {
    guard rest.isEmpty else { return connect(rest) }
    pool.forgetAddresses()
    finish(.failure(.connectFailed(failure)))
  }

  private func connected(_ transport: Transport) {
    self.transport = transport
    guard let tls = pool.endpoint.tls else { return finish(.success(transport)) }
    transport.setDelegate(self)
    transport.secure(
      TLSSession(client: tls.context, name: tls.name, port: pool.endpoint.port), received: .init(start: nil, count: 0))
    transport.resumeReading()
  }

  private func finish(_ result: Result<Transport, UpstreamFailure>) {
    guard let completion else { return }
    self.completion = nil
    release()
    if case .failure = result { transport?.close() }
    transport = nil
    completion(result)
  }
}

extension Dialer: TransportDelegate {
  /// Before the handshake is over nothing but TLS is read.
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {}

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    finish(.failure(failure.tls.map { .tlsFailed($0) } ?? .closedEarly(failure)))
  }

  func transportDidDrain(_ transport: Transport) {}

  func transportDidSecure(_ transport: Transport) { finish(.success(transport)) }
}
