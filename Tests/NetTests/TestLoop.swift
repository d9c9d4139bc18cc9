import Bytes
import Glibc
import Net
import Testing

/// A loop for one test. It never runs dry, and waiting for what does not come fails the test.
final class TestLoop {
  let loop: Loop
  /// Keeps the loop alive while a test waits for deadlines only.
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

  /// Runs the loop until `condition` holds, for ten seconds at the most. Looks each millisecond: what a condition
  /// asks for may be another thread's work.
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

  /// Runs the loop for some milliseconds of its own clock: whatever could happen has happened then.
  func run(for milliseconds: UInt64) throws {
    var isOver = false
    let limit = Deadline(loop.deadlines) { isOver = true }
    limit.set(in: milliseconds)
    try run(until: { isOver })
  }

  /// Two connected ends.
  func connectedPair(
    over address: SocketAddress = .ip("127.0.0.1", port: 0)
  ) throws -> (client: Peer, server: Peer) {
    var accepted: Peer?
    let listener = try Listener(loop, address, backlog: 8) { transport, _ in accepted = Peer(transport) }
    defer { listener.close() }
    let client = try connect(to: listener.address)
    try run(until: { accepted != nil })
    return (client, try #require(accepted))
  }

  func connect(to address: SocketAddress) throws -> Peer {
    var result: Result<Transport, NetFailure>?
    let connector = try Connector.connect(loop, to: address) { result = $0 }
    try withExtendedLifetime(connector) { try run(until: { result != nil }) }
    return Peer(try #require(result).get())
  }
}

/// One end of a connection, and what it has seen.
final class Peer: TransportDelegate {
  let transport: Transport
  private(set) var received: [UInt8] = []
  private(set) var ended: NetFailure?
  private(set) var drains = 0
  private(set) var flushedCloses = 0
  /// Called with the bytes that arrive.
  var onRead: (Peer, ByteView) -> Void = { _, _ in }

  init(_ transport: Transport, reading: Bool = true) {
    self.transport = transport
    transport.setDelegate(self)
    if reading { transport.resumeReading() }
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  func send(_ text: String) { send([UInt8](text.utf8)) }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { transport.write($0) } }

  func transport(_ transport: Transport, didRead bytes: ByteView) {
    received += bytes
    onRead(self, bytes)
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) { ended = failure }

  func transportDidDrain(_ transport: Transport) { drains += 1 }

  func transportDidCloseFlushed(_ transport: Transport) { flushedCloses += 1 }
}

/// A directory for socket files that is gone after the test.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = [CChar]("/tmp/portcullis-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["socket", "file"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}
