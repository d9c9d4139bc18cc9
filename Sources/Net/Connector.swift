import CLibuv
import Glibc

/// Opens one outgoing connection.
package final class Connector {
  private let transport: Transport
  private let request: UnsafeMutablePointer<uv_connect_t>
  private var completion: ((Result<Transport, NetFailure>) -> Void)?

  /// Starts to connect; `completion` is called once, from the loop, unless `cancel` comes first.
  package static func connect(
    _ loop: Loop, to address: SocketAddress, completion: @escaping (Result<Transport, NetFailure>) -> Void
  ) throws(NetFailure) -> Connector {
    let connector: Connector
    switch address {
    case .ip:
      let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
      uv_tcp_init(loop.raw, tcp)
      connector = Connector(Transport(loop, pc_tcp_stream(tcp), isTCP: true), completion)
      do throws(NetFailure) {
        let status = try address.withSockAddr { uv_tcp_connect(connector.request, tcp, $0, didConnect) }
        if status < 0 { throw NetFailure(status) }
        uv_tcp_nodelay(tcp, 1)
      } catch {
        connector.abandon()
        throw error
      }
    case .unix(let path):
      let pipe = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
      uv_pipe_init(loop.raw, pipe, 0)
      connector = Connector(Transport(loop, pc_pipe_stream(pipe), isTCP: false), completion)
      uv_pipe_connect(connector.request, pipe, path, didConnect)
    }
    return connector
  }

  private init(_ transport: Transport, _ completion: @escaping (Result<Transport, NetFailure>) -> Void) {
    self.transport = transport
    self.completion = completion
    request = .allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit { request.deallocate() }

  /// Gives up; `completion` is not called.
  package func cancel() {
    completion = nil
    transport.close()
  }

  /// The request never started: no callback will come.
  private func abandon() {
    cancel()
    Unmanaged.passUnretained(self).release()
  }

  private static let didConnect: @convention(c) (UnsafeMutablePointer<uv_connect_t>?, Int32) -> Void = {
    request, status in
    guard let data = request?.pointee.data else { return }
    Unmanaged<Connector>.fromOpaque(data).takeRetainedValue().finish(status)
  }

  private func finish(_ status: Int32) {
    guard let completion else { return }
    self.completion = nil
    if status == 0 { return completion(.success(transport)) }
    transport.close()
    completion(.failure(NetFailure(status)))
  }
}
