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
  /// The TLS handshake is over; no plaintext has come yet. The delegate may be replaced now.
  func transportDidSecure(_ transport: Transport)
  /// Output is about to be sent: the last chance to append to `outputBuffer`, without a call to `wrote`. Only if
  /// `fillsAtFlush` is set. A call to `wrote` asks for another time, once this output has been taken.
  func transportWillFlush(_ transport: Transport)
}

extension TransportDelegate {
  package func transportDidCloseFlushed(_ transport: Transport) {}
  package func transportDidSecure(_ transport: Transport) {}
  package func transportWillFlush(_ transport: Transport) {}
}

/// A connected byte stream, over TCP or a UNIX-domain socket, in the clear or in TLS: what codecs read from and write to.
///
/// Writing only appends; the loop's flush point sends. Large pieces go straight to the kernel without a copy.
package final class Transport {
  let loop: Loop
  let stream: UnsafeMutablePointer<uv_stream_t>
  private let isTCP: Bool
  private(set) var delegate: (any TransportDelegate)?
  var layer: TLSLayer?

  /// In the clear, over TLS, too.
  let output: ByteBuffer
  /// What the kernel did not take at once, owned by a `uv_write` until it has.
  private(set) var writing: ByteBuffer?
  private var request: UnsafeMutablePointer<uv_write_t>?
  /// When the kernel has begun to take no more, in milliseconds of the loop's clock; nil while it takes everything.
  package private(set) var blockedSince: UInt64?
  /// It waits in the loop's list, or for the end of a `uv_write`.
  private var isDirty = false
  /// What the delegate wants; a TLS handshake reads in any case.
  private(set) var isReading = false
  private var isPolling = false
  private(set) var isClosed = false
  /// Writing has failed: the peer takes no more.
  package internal(set) var isBroken = false
  private(set) var closesWhenFlushed = false
  private(set) var shutsDownWhenFlushed = false
  private var reportsDrain = false
  /// Whether any byte has been given to the kernel, or to TLS, since `markSent` (GW-89).
  package internal(set) var hasSent = false
  /// Whether the peer itself has ended its bytes: over TLS only `close_notify` proves that nobody has cut them short.
  package internal(set) var endedCleanly = false
  /// The delegate is asked for output at the flush point: `transportWillFlush`.
  package var fillsAtFlush = false

  /// Queued bytes above which a producer is told to wait: above one whole read with its framing, or a producer at full
  /// speed would be stopped and started again for every read.
  package static let highWater = Loop.readBufferSize + 16_384
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
    startPolling()
    if let layer, !layer.held.isEmpty || layer.heldEnd != nil { readHeldSoon(layer) }
  }

  /// Stops reading: backpressure towards the peer. Its closing goes unnoticed meanwhile.
  package func pauseReading() {
    guard isReading, !isClosed else { return }
    isReading = false
    if layer?.phase != .handshaking { stopPolling() }
  }

  func startPolling() {
    guard !isPolling else { return }
    isPolling = true
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

  func stopPolling() {
    guard isPolling else { return }
    isPolling = false
    uv_read_stop(stream)
  }

  private func didRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
    if let layer { return didReceive(count, base, layer) }
    if count > 0 {
      delegate?.transport(self, didRead: ByteView(start: base, count: count))
    } else {
      endedCleanly = count == Int(UV_EOF.rawValue)
      end(NetFailure(Int32(truncatingIfNeeded: count)))
    }
  }

  /// Whether the peer has already closed, or sent bytes that nobody has read; asks the kernel.
  package var hasPendingInput: Bool {
    if let layer, !layer.held.isEmpty || layer.heldEnd != nil { return true }
    var descriptor: uv_os_fd_t = -1
    guard uv_fileno(pc_stream_handle(stream), &descriptor) == 0 else { return true }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0 || errno != EAGAIN
  }

  // MARK: Writing

  /// Bytes written but not yet taken by the kernel.
  package var pendingOutput: Int {
    isLost ? 0 : output.count + (writing?.count ?? 0) + (layer?.session.output.count ?? 0)
  }

  /// Part of the output has been sent and the rest never will be. Output of which nothing was sent is kept: it may
  /// still be sent on another connection.
  var isLost: Bool { isBroken && hasSent }

  /// Where heads are written into; call `wrote` behind it.
  package var outputBuffer: ByteBuffer { output }

  /// Something has been appended to `outputBuffer`.
  package func wrote() {
    guard !isDirty, !isClosed else { return }
    isDirty = true
    if writing == nil { loop.markDirty(self) }
  }

  /// Appends `bytes`. Check `isCongested` behind it.
  package func write(_ bytes: ByteView) {
    guard !isClosed, !isLost, bytes.count > 0 else { return }
    guard bytes.count >= Self.directSize, writing == nil, !isBroken else {
      output.append(bytes)
      return wrote()
    }
    if let layer { return writeEncrypted(bytes, layer) }
    let sent = max(0, trySend(output.view, bytes))
    if sent > 0 { hasSent = true }
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
    guard writing == nil else { return }
    isDirty = false
    guard !isClosed, !isBroken else { return }
    if fillsAtFlush {
      delegate?.transportWillFlush(self)
      guard !isClosed else { return }
    }
    if let layer { return flushEncrypted(layer) }
    if !output.isEmpty {
      let sent = trySend(output.view)
      if sent < 0, sent != Int(UV_EAGAIN.rawValue) { return breakOutput(NetFailure(Int32(sent))) }
      hasSent = true
      output.consume(max(0, sent))
      if !output.isEmpty { return writeRest(of: output) }
    }
    didFlush()
  }

  static func uvBuffer(_ view: ByteView) -> uv_buf_t {
    uv_buf_init(
      UnsafeMutablePointer(mutating: view.baseAddress?.assumingMemoryBound(to: CChar.self)),
      UInt32(view.count))
  }

  func writeRest(of buffer: ByteBuffer) {
    let rest = ByteBuffer(pool: loop.buffers)
    rest.swapContents(with: buffer)
    let request = self.request ?? .allocate(capacity: 1)
    self.request = request
    writing = rest
    blockedSince = loop.now
    request.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    var piece = Self.uvBuffer(rest.view)
    let status = uv_write(request, stream, &piece, 1) { request, status in
      guard let data = request?.pointee.data else { return }
      Unmanaged<Transport>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.didWrite(status) }
    }
    if status != 0 { breakOutput(NetFailure(status)) }
  }

  /// What the peer has said before is still read, an early response above all; the end of its bytes then ends the
  /// connection.
  func breakOutput(_ failure: NetFailure) {
    isBroken = true
    if isLost { output.clear() }
    if !isPolling { end(failure) }
  }

  private func didWrite(_ status: Int32) {
    writing = nil
    blockedSince = nil
    guard !isClosed else { return }
    if status != 0 { return breakOutput(NetFailure(status)) }
    if isDirty || pendingOutput > 0 { flush() } else { didFlush() }
  }

  func didFlush() {
    if closesWhenFlushed || shutsDownWhenFlushed, !sayGoodbye() { return wrote() }
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
  ///
  /// - Returns: whether that was at once; otherwise `transportDidCloseFlushed` will tell.
  @discardableResult
  package func closeWhenFlushed() -> Bool {
    closesWhenFlushed = true
    guard pendingOutput == 0 else { return isClosed }
    if sayGoodbye() { close() } else { wrote() }
    return isClosed
  }

  /// Ends our side once everything written has been sent, and goes on reading what the peer still sends: closing
  /// with unread input would reset the connection and destroy the last response on its way.
  package func shutdownWhenFlushed() {
    guard !isClosed else { return }
    shutsDownWhenFlushed = true
    guard pendingOutput == 0 else { return }
    if sayGoodbye() { shutdown() } else { wrote() }
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

  func end(_ failure: NetFailure) {
    guard !isClosed else { return }
    isReading = false
    stopPolling()
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
