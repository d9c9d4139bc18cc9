import Bytes
import Net

/// One end of the channel between supervisor and worker.
final class ControlChannel {
  private let transport: Transport
  private let decoder = ControlDecoder()
  private let received: (ControlMessage) -> Void
  private let ended: () -> Void
  private var flushed: (() -> Void)?

  /// - Parameters:
  ///   - received: called with each message.
  ///   - ended: called once, when the other process is gone or says what nobody understands.
  init(_ transport: Transport, received: @escaping (ControlMessage) -> Void, ended: @escaping () -> Void) {
    self.transport = transport
    self.received = received
    self.ended = ended
    transport.setDelegate(self)
    transport.resumeReading()
  }

  func send(_ message: ControlMessage) {
    message.write(to: transport.outputBuffer)
    transport.wrote()
  }

  func close() { transport.close() }

  /// Closes once everything has been sent, and then calls back.
  func closeWhenFlushed(_ done: @escaping () -> Void) {
    flushed = done
    if transport.closeWhenFlushed() { finish() }
  }

  private func finish() {
    let done = flushed
    flushed = nil
    done?()
  }
}

extension ControlChannel: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) {
    decoder.append(bytes)
    do throws(ControlDecoder.Fault) {
      while let message = try decoder.next() { received(message) }
    } catch {
      self.transport(transport, didEnd: .endOfFile)
    }
  }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    transport.close()
    ended()
    finish()
  }

  func transportDidDrain(_ transport: Transport) {}

  func transportDidCloseFlushed(_ transport: Transport) { finish() }
}
