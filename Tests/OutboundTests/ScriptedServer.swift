import Bytes
import Glibc
import Net

/// A server that says what the test tells it to.
final class ScriptedServer {
  private let test: TestLoop
  private var listener: Listener?
  private(set) var connections: [Peer] = []
  private var pending: [[UInt8]] = []
  /// Whether new connections are read from at once.
  var reads = true
  /// Called with each complete request head.
  var onRequest: (Peer, String) -> Void

  init(
    _ test: TestLoop, at address: SocketAddress = .ip("127.0.0.1", port: 0),
    _ onRequest: @escaping (Peer, String) -> Void = { _, _ in }
  ) throws {
    self.test = test
    self.onRequest = onRequest
    listener = try Listener(test.loop, address, backlog: 16) { [weak self] transport, _ in self?.accept(transport) }
  }

  /// A server that gives everyone the same answer.
  convenience init(_ test: TestLoop, answering answer: String) throws {
    try self.init(test) { peer, _ in peer.send(answer) }
  }

  deinit { stop() }

  func stop() {
    listener?.close()
    listener = nil
    for connection in connections { connection.transport.close() }
  }

  var address: SocketAddress { listener?.address ?? .ip("127.0.0.1", port: 0) }

  var port: Int {
    if case .ip(_, let port) = address { return port }
    return 0
  }

  /// Request heads received so far.
  private(set) var requests = 0

  private func accept(_ transport: Transport) {
    let index = connections.count
    let peer = Peer(transport, reading: reads)
    connections.append(peer)
    pending.append([])
    peer.onRead = { [weak self] peer, bytes in self?.look(peer, index, bytes) }
  }

  /// Takes heads out of what has arrived; what ends with an empty line and is no head is the end of a body.
  private func look(_ peer: Peer, _ index: Int, _ bytes: ByteView) {
    pending[index] += bytes
    while let end = Self.endOfHead(pending[index]) {
      let head = String(decoding: pending[index].prefix(end), as: UTF8.self)
      pending[index].removeFirst(end)
      guard head.contains(" HTTP/1.1\r\n") else { continue }
      requests += 1
      onRequest(peer, head)
    }
    // No head is that long: this is a body.
    if pending[index].count > 16_384 { pending[index].removeFirst(pending[index].count - 3) }
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      var start = 0
      while start + 4 <= bytes.count, let found = memchr(base + start, 0x0D, bytes.count - start - 3) {
        start = base.distance(to: UnsafeRawPointer(found)) + 1
        if bytes.slice(start - 1, 4).equals("\r\n\r\n") { return start + 3 }
      }
      return nil
    }
  }
}
