import Bytes
import Net

/// A provider's introspection endpoint that says what the test tells it to.
final class TestEndpoint {
  private let test: TestLoop
  private var listener: Listener?
  private(set) var connections: [Peer] = []
  private var pending: [[UInt8]] = []
  /// Requests that have come, with their forms.
  private(set) var requests: [(head: String, form: String)] = []
  /// The response to each request.
  var answer: (String) -> String
  /// Responses are held back until `release`.
  var holds = false
  private var held: [() -> Void] = []

  /// - Parameter answer: makes a response of a form.
  init(_ test: TestLoop, _ answer: @escaping (String) -> String = { _ in TestEndpoint.json(#"{"active":true}"#) })
    throws
  {
    self.test = test
    self.answer = answer
    listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 64) { [weak self] transport, _ in
      self?.accept(transport)
    }
  }

  deinit { stop() }

  func stop() {
    listener?.close()
    listener = nil
    for connection in connections { connection.transport.close() }
  }

  var url: String {
    guard case .ip(_, let port)? = listener?.address else { return "" }
    return "http://127.0.0.1:\(port)/introspect"
  }

  func release() {
    holds = false
    let waiting = held
    held = []
    for answer in waiting { answer() }
  }

  static func json(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  static func status(_ status: Int) -> String { "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n" }

  private func accept(_ transport: Transport) {
    let index = connections.count
    let peer = Peer(transport)
    connections.append(peer)
    pending.append([])
    peer.onRead = { [weak self] peer, bytes in
      self?.pending[index] += bytes
      while self?.look(peer, index) == true {}
    }
  }

  /// Takes a request out of what has arrived. - Returns: whether it was complete.
  private func look(_ peer: Peer, _ index: Int) -> Bool {
    let bytes = pending[index]
    let end = bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }
    guard let end else { return false }
    let head = String(decoding: bytes[..<(end + 4)], as: UTF8.self)
    let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
    let count = length.flatMap { Int($0.dropFirst(16)) } ?? 0
    guard bytes.count >= end + 4 + count else { return false }
    pending[index].removeFirst(end + 4 + count)
    let form = String(decoding: bytes[(end + 4)...].prefix(count), as: UTF8.self)
    requests.append((head, form))
    let text = answer(form)
    if holds { held.append { peer.send(text) } } else { peer.send(text) }
    return true
  }
}
