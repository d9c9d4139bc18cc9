package import Bytes
import CLibuv
import Glibc

/// Who a transport reports to. Every call comes from the loop, never from inside a call to the transport.
package protocol TransportDelegate: AnyObject {
  /// Bytes have arrived; lent for the call.
  func transport(_ transport: Transport, didRead bytes: ByteView)
  /// The peer is gone or has ended its side, or the connection broke. Nothing comes after this.
  func transport(_ transport: Transport, didEnd failure: NetFailure)
  /// Output that was above the high-water mark has drained: a stopped producer may go on.
  func transportDidDrain(_ transport: Transport)
  /// `closeWhenFlushed` has closed it.
  func transportDidCloseFlushed(_ transport: Transport)
}

extension TransportDelegate {
  package func transportDidCloseFlushed(_ transport: Transport) {}
}

/// A connected byte stream, over TCP or a UNIX-domain socket: what codecs read from and write to.
///
/// Writing only appends; the loop's flush point sends. Large pieces go straight to the kernel without a copy.
package final class Transport {
  private let loop: Loop
  private let stream: UnsafeMutablePointer<uv_stream_t>
  private let isTCP: Bool
  private var delegate: (any TransportDelegate)?

  private let output: ByteBuffer
  /// What the kernel did not take at once, owned by a `uv_write` until it has.
  private var writing: ByteBuffer?
  private var request: UnsafeMutablePointer<uv_write_t>?
  private var isDirty = false
  private var isReading = false
  private var isClosed = false
  /// Writing has failed: the peer takes no more.
  package private(set) var isBroken = false
  private var closesWhenFlushed = false
  private var shutsDownWhenFlushed = false
  private var reportsDrain = false
  /// Whether any byte has been given to the kernel since `markSent` (GW-89).
  package private(set) var hasSent = false

  /// Queued bytes above which a producer is told to wait.
  package static let highWater = 65_536
  /// Pieces of at least this size skip the copy into the output buffer.
  private static let directSize = 8_192

  init(_ loop: Loop, _ stream: UnsafeMutablePointer<uv_stream_t>, isTCP: Bool) {
    self.loop = loop
    self.stream = stream
    self.isTCP = isTCP
    output = ByteBuffer(pool: loop.buffers)
    stream.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  package func setDelegate(_ delegate: any TransportDelegate) { self.delegate = delegate }

  // MARK: Reading

  package func resumeReading() {
    guard !isReading, !isClosed else { return }
    isReading = true
    uv_read_start(
      stream,
      { handle, _, buffer in
        guard let data = handle?.pointee.loop.pointee.data, let buffer else { return }
        Unmanaged<Loop>.fromOpaque(data)._withUnsafeGuaranteedRef {
          buffer.pointee.base = $0.readBuffer.assumingMemoryBound(to: CChar.self)
          buffer.pointee.len = Loop.readBufferSize
        }
      },
      { handle, count, buffer in
        guard count != 0, let data = handle?.pointee.data else { return }
        Unmanaged<Transport>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.didRead(count, buffer?.pointee.base)
        }
      })
  }

  /// Stops reading: backpressure towards the peer. Its closing goes unnoticed meanwhile.
  package func pauseReading() {
    guard isReading, !isClosed else { return }
    isReading = false
    uv_read_stop(stream)
  }

  private func didRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
    if count > 0 {
      delegate?.transport(self, didRead: ByteView(start: base, count: count))
    } else {
      end(NetFailure(Int32(truncatingIfNeeded: count)))
    }
  }

  /// Whether the peer has already closed, or sent bytes that nobody has read; asks the kernel.
  package var hasPendingInput: Bool {
    var descriptor: uv_os_fd_t = -1
    guard uv_fileno(pc_stream_handle(stream), &descriptor) == 0 else { return true }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0 || errno != EAGAIN
  }

  // MARK: Writing

  /// Bytes written but not yet taken by the kernel.
  package var pendingOutput: Int { isLost ? 0 : output.count + (writing?.count ?? 0) }

  /// Part of the output has been sent and the rest never will be. Output of which nothing was sent is kept: it may
  /// still be sent on another connection.
  private var isLost: Bool { isBroken && hasSent }

  /// Where heads are written into; call `wrote` behind it.
  package var outputBuffer: ByteBuffer { output }

  /// Something has been appended to `outputBuffer`.
  package func wrote() {
    guard !isDirty, writing == nil, !isClosed else { return }
    isDirty = true
    loop.markDirty(self)
  }

  /// Appends `bytes`. Check `isCongested` behind it.
  package func write(_ bytes: ByteView) {
    guard !isClosed, !isLost, bytes.count > 0 else { return }
    guard bytes.count >= Self.directSize, writing == nil, !isBroken else {
      output.append(bytes)
      return wrote()
    }
    let sent = max(0, trySend(output.view, bytes))
    let fromOutput = min(sent, output.count)
    output.consume(fromOutput)
    output.append(bytes.from(sent - fromOutput))
    if !output.isEmpty { wrote() }
  }

  /// Whether the producer should stop; `transportDidDrain` will follow.
  package var isCongested: Bool {
    guard pendingOutput > Self.highWater else { return false }
    reportsDrain = true
    return true
  }

  /// Starts a new count for `hasSent`.
  package func markSent() { hasSent = false }

  func flush() {
    isDirty = false
    guard !isClosed, !isBroken, writing == nil else { return }
    if !output.isEmpty {
      let sent = trySend(output.view, ByteView(start: nil, count: 0))
      if sent < 0, sent != Int(UV_EAGAIN.rawValue) { return breakOutput(NetFailure(Int32(sent))) }
      output.consume(max(0, sent))
      if !output.isEmpty { return writeRest() }
    }
    didFlush()
  }

  /// Gives the kernel what it takes at once: the number of bytes, or a negative error.
  private func trySend(_ first: ByteView, _ second: ByteView) -> Int {
    var sent: Int32 = 0
    withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: 2) { buffers in
      var count = 0
      for view in [first, second] where view.count > 0 {
        buffers.initializeElement(at: count, to: Self.uvBuffer(view))
        count += 1
      }
      sent = count == 0 ? 0 : uv_try_write(stream, buffers.baseAddress, UInt32(count))
    }
    if sent > 0 { hasSent = true }
    return Int(sent)
  }

  private static func uvBuffer(_ view: ByteView) -> uv_buf_t {
    uv_buf_init(
      UnsafeMutablePointer(mutating: view.baseAddress?.assumingMemoryBound(to: CChar.self)),
      UInt32(view.count))
  }

  private func writeRest() {
    let rest = ByteBuffer(pool: loop.buffers)
    rest.swapContents(with: output)
    let request = self.request ?? .allocate(capacity: 1)
    self.request = request
    writing = rest
    request.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    hasSent = true
    var buffer = Self.uvBuffer(rest.view)
    let status = uv_write(request, stream, &buffer, 1) { request, status in
      guard let data = request?.pointee.data else { return }
      Unmanaged<Transport>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.didWrite(status) }
    }
    if status != 0 { breakOutput(NetFailure(status)) }
  }

  /// What the peer has said before is still read, an early response above all; the end of its bytes then ends the
  /// connection.
  private func breakOutput(_ failure: NetFailure) {
    isBroken = true
    if isLost { output.clear() }
    if !isReading { end(failure) }
  }

  private func didWrite(_ status: Int32) {
    writing = nil
    guard !isClosed else { return }
    if status != 0 { return breakOutput(NetFailure(status)) }
    if output.isEmpty { didFlush() } else { flush() }
  }

  private func didFlush() {
    if closesWhenFlushed {
      let delegate = delegate
      close()
      delegate?.transportDidCloseFlushed(self)
      return
    }
    if shutsDownWhenFlushed { shutdown() }
    if reportsDrain {
      reportsDrain = false
      delegate?.transportDidDrain(self)
    }
  }

  // MARK: Ending

  /// Closes once everything written has been sent.
  package func closeWhenFlushed() {
    closesWhenFlushed = true
    if pendingOutput == 0 { close() }
  }

  /// Ends our side once everything written has been sent, and goes on reading what the peer still sends: closing
  /// with unread input would reset the connection and destroy the last response on its way.
  package func shutdownWhenFlushed() {
    guard !isClosed else { return }
    shutsDownWhenFlushed = true
    if pendingOutput == 0 { shutdown() }
  }

  private func shutdown() {
    shutsDownWhenFlushed = false
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let status = uv_shutdown(request, stream) { request, _ in request?.deallocate() }
    if status != 0 { request.deallocate() }
  }

  /// Closes now; unsent output is lost.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    delegate = nil
    output.clear()
    uv_close(pc_stream_handle(stream), Self.didClose)
  }

  /// Closes with a reset, which no peer takes for the proper end of a message.
  package func reset() {
    guard !isClosed else { return }
    isClosed = true
    delegate = nil
    output.clear()
    if isTCP, uv_tcp_close_reset(pc_stream_tcp(stream), Self.didClose) == 0 { return }
    uv_close(pc_stream_handle(stream), Self.didClose)
  }

  private func end(_ failure: NetFailure) {
    guard !isClosed else { return }
    pauseReading()
    delegate?.transport(self, didEnd: failure)
  }

  private static let didClose: @convention(c) (UnsafeMutablePointer<uv_handle_t>?) -> Void = { handle in
    guard let data = handle?.pointee.data else { return }
    Unmanaged<Transport>.fromOpaque(data).release()
  }

  deinit {
    request?.deallocate()
    free(stream)
  }
}
