import CLibuv
import Glibc

/// Accepts connections on one address.
///
/// When told to pause, or when the process is out of file descriptors, it stops accepting: connections wait in the
/// kernel's queue, nothing spins, and accepting goes on when there is room.
package final class Listener {
  private let loop: Loop
  private let stream: UnsafeMutablePointer<uv_stream_t>
  private let isTCP: Bool
  private let backlog: Int
  private let accepted: (Transport, SocketAddress?) -> Void
  private var isClosed = false
  /// A connection that the loop holds until there is room for it.
  private var isWaiting = false
  private let retry: Deadline

  /// Whether a further connection may be accepted; asked for each.
  package var hasRoom: () -> Bool = { true }
  /// Where it listens, with the port that the system chose for port 0.
  package private(set) var address: SocketAddress

  /// Starts to listen.
  ///
  /// - Parameters:
  ///   - backlog: connections the kernel holds until they are accepted.
  ///   - socket: a descriptor that is bound to the address; nil: one is made.
  ///   - accepted: called with each new connection and its peer.
  package init(
    _ loop: Loop, _ address: SocketAddress, backlog: Int, socket: Int32? = nil,
    accepted: @escaping (Transport, SocketAddress?) -> Void
  ) throws(NetFailure) {
    self.loop = loop
    self.address = address
    self.backlog = backlog
    self.accepted = accepted
    stream = Self.allocate(loop, address)
    if case .ip = address { isTCP = true } else { isTCP = false }
    final class Target { weak var listener: Listener? }
    let target = Target()
    retry = Deadline(loop.deadlines) { target.listener?.resume() }
    do throws(NetFailure) {
      if let socket { try Self.open(stream, socket, isTCP: isTCP) } else { try Self.bind(stream, address) }
      try Self.check(
        uv_listen(stream, Int32(backlog)) { handle, status in
          guard let data = handle?.pointee.data else { return }
          Unmanaged<Listener>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.connectionWaits(status) }
        })
    } catch {
      // The loop knows the handle: its memory must stay until it has been closed.
      uv_close(pc_stream_handle(stream)) { free($0) }
      throw error
    }
    target.listener = self
    stream.pointee.data = Unmanaged.passRetained(self).toOpaque()
    if isTCP { configureTCP() }
  }

  private static func allocate(_ loop: Loop, _ address: SocketAddress) -> UnsafeMutablePointer<uv_stream_t> {
    switch address {
    case .ip:
      let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
      uv_tcp_init(loop.raw, tcp)
      return pc_tcp_stream(tcp)
    case .unix:
      let pipe = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
      uv_pipe_init(loop.raw, pipe, 0)
      return pc_pipe_stream(pipe)
    }
  }

  private static func check(_ status: Int32) throws(NetFailure) {
    if status < 0 { throw NetFailure(status) }
  }

  private static func open(
    _ stream: UnsafeMutablePointer<uv_stream_t>, _ descriptor: Int32, isTCP: Bool
  ) throws(NetFailure) {
    let status =
      isTCP ? uv_tcp_open(pc_stream_tcp(stream), descriptor) : uv_pipe_open(pc_stream_pipe(stream), descriptor)
    try check(status)
  }

  /// Binds; libuv sets SO_REUSEADDR.
  private static func bind(_ stream: UnsafeMutablePointer<uv_stream_t>, _ address: SocketAddress)
    throws(NetFailure)
  {
    guard case .unix(let path) = address else {
      return try check(try address.withSockAddr { uv_tcp_bind(pc_stream_tcp(stream), $0, 0) })
    }
    try SocketFile.bind(path) { uv_pipe_bind(pc_stream_pipe(stream), $0) }
  }

  /// Accepted sockets inherit both options: no system call per connection.
  private func configureTCP() {
    uv_tcp_nodelay(pc_stream_tcp(stream), 1)
    uv_tcp_keepalive(pc_stream_tcp(stream), 1, 60)
    var storage = sockaddr_storage()
    var length = Int32(MemoryLayout<sockaddr_storage>.size)
    let found = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name -> SocketAddress? in
        uv_tcp_getsockname(pc_stream_tcp(stream), name, &length) == 0 ? SocketAddress(name) : nil
      }
    }
    if let found { address = found }
  }

  private func connectionWaits(_ status: Int32) {
    guard !isClosed else { return }
    isWaiting = true
    // Out of descriptors or memory: nothing has been accepted; look again soon rather than spin.
    if status < 0 { return retry.set(in: 100) }
    resume()
  }

  /// Accepts what waits, if there is room. Call it when room has become free.
  package func resume() {
    guard isWaiting, !isClosed else { return }
    guard hasRoom() else { return }
    isWaiting = false
    let client = Self.allocate(loop, address)
    let transport = Transport(loop, client, isTCP: isTCP)
    guard uv_accept(stream, client) == 0 else { return transport.close() }
    accepted(transport, isTCP ? Self.peer(of: client) : nil)
  }

  /// Accepts what the kernel holds ready, as far as there is room: whatever is left there when the socket closes, the
  /// kernel resets.
  private func acceptRest() {
    resume()
    var descriptor: uv_os_fd_t = -1
    guard uv_fileno(pc_stream_handle(stream), &descriptor) == 0 else { return }
    for _ in 0..<backlog where hasRoom() {
      let connection = accept(descriptor, nil, nil)
      guard connection >= 0 else { return }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      let client = Self.allocate(loop, address)
      let transport = Transport(loop, client, isTCP: isTCP)
      do throws(NetFailure) {
        try Self.open(client, connection, isTCP: isTCP)
      } catch {
        Glibc.close(connection)
        transport.close()
        continue
      }
      accepted(transport, isTCP ? Self.peer(of: client) : nil)
    }
  }

  private static func peer(of stream: UnsafeMutablePointer<uv_stream_t>) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = Int32(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        uv_tcp_getpeername(pc_stream_tcp(stream), name, &length) == 0 ? SocketAddress(name) : nil
      }
    }
  }

  /// Stops listening, and accepts whoever waits before; the file of a UNIX-domain socket that was bound here is removed.
  package func close() {
    guard !isClosed else { return }
    acceptRest()
    isClosed = true
    retry.invalidate()
    uv_close(pc_stream_handle(stream)) { handle in
      guard let handle, let data = handle.pointee.data else { return }
      free(handle)
      Unmanaged<Listener>.fromOpaque(data).release()
    }
  }
}
