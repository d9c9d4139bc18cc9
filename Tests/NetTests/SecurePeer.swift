import Bytes
import Testing

@testable import Net

/// One end of a TLS connection, and what it has seen.
final class SecurePeer: TransportDelegate {
  let transport: Transport
  private(set) var received: [UInt8] = []
  private(set) var ended: NetFailure?
  private(set) var secured = 0
  private(set) var drains = 0
  private(set) var flushedCloses = 0
  private(set) var reads = 0
  var onRead: (SecurePeer, ByteView) -> Void = { _, _ in }
  var onSecured: (SecurePeer) -> Void = { _ in }
  var onFlush: (SecurePeer) -> Void = { _ in }

  var isSecured: Bool { secured > 0 }

  init(_ transport: Transport, _ session: TLSSession, received: [UInt8] = []) {
    self.transport = transport
    transport.setDelegate(self)
    transport.resumeReading()
    received.withUnsafeBytes { transport.secure(session, received: $0) }
  }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { transport.write($0) } }

  func transport(_ transport: Transport, didRead bytes: ByteView) {
    reads += 1
    received += bytes
    onRead(self, bytes)
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    ended = ended ?? failure
  }

  func transportDidDrain(_ transport: Transport) { drains += 1 }
  func transportDidCloseFlushed(_ transport: Transport) { flushedCloses += 1 }

  func transportDidSecure(_ transport: Transport) {
    #expect(received.isEmpty)
    secured += 1
    onSecured(self)
  }

  func transportWillFlush(_ transport: Transport) { onFlush(self) }
}
