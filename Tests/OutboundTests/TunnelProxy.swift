import Bytes
import Net

/// A forward proxy that opens tunnels to this machine, whatever host is asked for.
final class TunnelProxy {
  private let test: TestLoop
  private let server: ScriptedServer
  private let splits: Bool
  private var connectors: [Connector] = []
  private var origins: [Peer] = []
  /// The heads it has got.
  private(set) var requests: [String] = []

  /// - Parameter splits: it sends its answer byte by byte.
  init(_ test: TestLoop, splits: Bool = false) throws {
    self.test = test
    self.splits = splits
    server = try ScriptedServer(test)
    server.onRequest = { [unowned self] peer, head in open(peer, head) }
  }

  deinit { for origin in origins { origin.transport.close() } }

  var port: Int { server.port }

  private func open(_ peer: Peer, _ head: String) {
    requests.append(head)
    let authority = head.split(separator: " ")[1]
    let port = authority.split(separator: ":").last.flatMap { Int($0) } ?? 0
    let connector = try? Connector.connect(test.loop, to: .ip("127.0.0.1", port: port)) { [unowned self] result in
      guard let transport = try? result.get() else { return peer.send("HTTP/1.1 502 Bad Gateway\r\n\r\n") }
      let origin = Peer(transport)
      origins.append(origin)
      origin.onRead = { [unowned peer] _, bytes in peer.transport.write(bytes) }
      peer.onRead = { _, bytes in transport.write(bytes) }
      answer(peer, Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)[...])
    }
    if let connector { connectors.append(connector) }
  }

  private func answer(_ peer: Peer, _ bytes: ArraySlice<UInt8>) {
    guard splits, bytes.count > 1 else { return peer.send(Array(bytes)) }
    peer.send([bytes[bytes.startIndex]])
    var pulse: Deadline?
    pulse = Deadline(test.loop.deadlines) { [weak self] in
      pulse = nil
      self?.answer(peer, bytes.dropFirst())
    }
    pulse?.set(in: 1)
  }
}
