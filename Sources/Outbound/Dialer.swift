import Bytes
import Net

/// Opens one connection to a backend: looks up its name, or that of the proxy in front of it, tries the addresses,
/// has the proxy open a tunnel, secures the connection.
final class Dialer {
  private let pool: UpstreamPool
  private var completion: ((Result<Transport, UpstreamFailure>) -> Void)?
  private var connector: Connector?
  private var transport: Transport?
  /// Until the proxy has opened it.
  private var tunnel: ProxyTunnel?
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
    if pool.endpoint.proxy != nil {
      tunnel = ProxyTunnel()
      transport.outputBuffer.append(text: ProxyTunnel.request(to: pool.endpoint.authority))
      transport.wrote()
    } else {
      secure(transport, tls, received: ByteView(start: nil, count: 0))
    }
    transport.resumeReading()
  }

  private func secure(_ transport: Transport, _ tls: UpstreamTLS, received: ByteView) {
    let session = TLSSession(client: tls.context, name: tls.name, port: pool.endpoint.port)
    transport.secure(session, received: received)
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
  /// From the tunnel's opening to the end of the handshake nothing but TLS is read.
  func transport(_ transport: Transport, didRead bytes: ByteView) {
    guard let tls = pool.endpoint.tls, let step = tunnel?.read(bytes) else { return }
    switch step {
    case .needMore: break
    case .open(let rest):
      tunnel = nil
      secure(transport, tls, received: rest)
    case .failed(let failure): finish(.failure(failure))
    }
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    finish(.failure(failure.tls.map { .tlsFailed($0) } ?? .closedEarly(failure)))
  }

  func transportDidDrain(_ transport: Transport) {}

  func transportDidSecure(_ transport: Transport) { finish(.success(transport)) }
}
