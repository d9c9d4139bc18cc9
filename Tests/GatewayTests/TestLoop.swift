import Bytes
import Net
import Testing

/// A loop for one test. Waiting for what does not come fails the test.
final class TestLoop {
  let loop: Loop
  /// Keeps the loop alive while nothing else is open.
  private let anchor: Listener

  struct NothingHappened: Error {}

  init() throws {
    loop = try Loop()
    anchor = try Listener(loop, .ip("127.0.0.1", port: 0), backlog: 1) { transport, _ in transport.close() }
  }

  deinit {
    anchor.close()
    loop.runOnce()
  }

  /// Runs the loop until `condition` holds, for ten seconds at the most.
  func run(until condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let end = loop.now + 10_000
    var pulse: Deadline?
    pulse = Deadline(loop.deadlines) { pulse?.set(in: 1) }
    pulse?.set(in: 1)
    defer {
      pulse?.invalidate()
      pulse = nil
    }
    while !condition(), loop.now < end { loop.runOnce() }
    if !condition() {
      Issue.record("what the test waits for did not happen", sourceLocation: sourceLocation)
      throw NothingHappened()
    }
  }

  /// Sends a text to `address` and returns everything that comes until the connection ends.
  func converse(
    with address: SocketAddress, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    var peer: Peer?
    let connector = try Connector.connect(loop, to: address) { result in
      switch result {
      case .success(let transport):
        let connected = Peer(transport)
        peer = connected
        connected.send(text)
      case .failure(let failure): Issue.record("\(failure)", sourceLocation: sourceLocation)
      }
    }
    defer { peer?.transport.close() }
    try withExtendedLifetime(connector) {
      try run(until: { peer?.hasEnded == true }, sourceLocation: sourceLocation)
    }
    return peer?.text ?? ""
  }
}

/// One end of a connection, and what it has received.
final class Peer: TransportDelegate {
  let transport: Transport
  private var received: [UInt8] = []
  private(set) var hasEnded = false
  /// Called with each complete request head; its text is then forgotten.
  var onHead: ((Peer, String) -> Void)?

  init(_ transport: Transport) {
    self.transport = transport
    transport.setDelegate(self)
    transport.resumeReading()
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  func send(_ text: String) { [UInt8](text.utf8).withUnsafeBytes { transport.write($0) } }

  func transport(_ transport: Transport, didRead bytes: ByteView) {
    received += bytes
    guard let onHead, received.suffix(4) == Array("\r\n\r\n".utf8)[...] else { return }
    let head = text
    received = []
    onHead(self, head)
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) { hasEnded = true }

  func transportDidDrain(_ transport: Transport) {}
}
