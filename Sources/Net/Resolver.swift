import CLibuv
import Glibc

/// Looks up host names on libuv's thread pool, so that the loop never waits for DNS.
package enum Resolver {
  /// Resolves `host`; `completion` is called once, from the loop. An address literal is answered at once.
  package static func resolve(
    _ loop: Loop, host: String, port: Int, completion: @escaping (Result<[SocketAddress], NetFailure>) -> Void
  ) {
    let literal = SocketAddress.ip(host, port: port)
    if (try? literal.withSockAddr { _ in true }) == true { return completion(.success([literal])) }
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(Query(port, completion)).toOpaque()
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    let status = uv_getaddrinfo(loop.raw, request, didResolve, host, nil, &hints)
    if status < 0 { didResolve(request, status, nil) }
  }

  private final class Query {
    let port: Int
    let completion: (Result<[SocketAddress], NetFailure>) -> Void

    init(_ port: Int, _ completion: @escaping (Result<[SocketAddress], NetFailure>) -> Void) {
      self.port = port
      self.completion = completion
    }
  }

  private static let didResolve:
    @convention(c) (UnsafeMutablePointer<uv_getaddrinfo_t>?, Int32, UnsafeMutablePointer<addrinfo>?) -> Void =
      {
        request, status, list in
        guard let request, let data = request.pointee.data else { return }
        let query = Unmanaged<Query>.fromOpaque(data).takeRetainedValue()
        defer {
          uv_freeaddrinfo(list)
          request.deallocate()
        }
        guard status == 0 else { return query.completion(.failure(NetFailure(status))) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
          if let name = entry.pointee.ai_addr, let address = SocketAddress(name, port: query.port) {
            addresses.append(address)
          }
          next = entry.pointee.ai_next
        }
        query.completion(addresses.isEmpty ? .failure(.notFound) : .success(addresses))
      }
}
