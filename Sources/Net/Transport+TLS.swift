package import Bytes
import CLibuv

/// TLS between the stream and the delegate. Records are decrypted into the loop's buffer and lent on; output is
/// encrypted when it is sent.
extension Transport {
  /// Bytes encrypted for one system call, in records of 16 KiB.
  private static let batchSize = 131_072
  /// What the buffer for plaintext must have free: the largest record.
  private static let recordSize = 16_384

  /// Speaks TLS from now on. The delegate hears `transportDidSecure` once, then gets plaintext; what it writes before
  /// waits for the end of the handshake, which reads whether or not the delegate does.
  ///
  /// - Parameter received: bytes that have been read already.
  package func secure(_ session: TLSSession, received: ByteView) {
    guard !isClosed, layer == nil else { return }
    let layer = TLSLayer(session, pool: loop.buffers)
    self.layer = layer
    layer.held.append(received)
    startPolling()
    // A server speaks second.
    if session.server == nil || received.count > 0 { readHeldSoon(layer) }
  }

  /// The TLS connection, if this is one.
  package var tls: TLSSession? { layer?.session }

  // MARK: Reading

  /// Has the loop go on with what is held; never from inside a call of the delegate's.
  func readHeldSoon(_ layer: TLSLayer) {
    guard !layer.isReady else { return }
    layer.isReady = true
    loop.markReady(self)
  }

  func readHeld() {
    guard let layer else { return }
    layer.isReady = false
    advance(layer)
  }

  /// What the stream has brought: bytes, or a negative error.
  func didReceive(_ count: Int, _ base: UnsafeMutablePointer<CChar>?, _ layer: TLSLayer) {
    if count < 0 {
      if layer.heldEnd == nil { layer.heldEnd = NetFailure(Int32(truncatingIfNeeded: count)) }
      return advance(layer)
    }
    let bytes = ByteView(start: base, count: count)
    guard layer.held.isEmpty else {
      layer.held.append(bytes)
      return advance(layer)
    }
    let used = process(bytes, layer)
    if used < count, !isClosed { layer.held.append(bytes.from(used)) }
    reportEnd(layer)
  }

  /// Goes on with what is held.
  private func advance(_ layer: TLSLayer) {
    guard !isClosed else { return }
    layer.held.consume(process(layer.held.view, layer))
    reportEnd(layer)
  }

  /// Reports the end once all before it has been delivered, and a delegate that reads no further at present does.
  private func reportEnd(_ layer: TLSLayer) {
    guard let heldEnd = layer.heldEnd, layer.held.isEmpty, !isClosed else { return }
    guard layer.phase != .handshaking else {
      let words = heldEnd == .endOfFile ? "the peer has closed during the handshake" : heldEnd.description
      return fail(TLSFailure(.closedEarly, words), layer)
    }
    guard isReading || layer.phase == .failed else { return }
    layer.heldEnd = nil
    endedCleanly = layer.isNotified
    end(heldEnd)
  }

  /// - Returns: how many bytes have been used.
  private func process(_ bytes: ByteView, _ layer: TLSLayer) -> Int {
    let session = layer.session
    session.input = bytes
    defer { session.input = ByteView(start: nil, count: 0) }
    if layer.phase == .handshaking { handshake(layer) }
    while layer.phase == .open, isReading, !isClosed, decrypt(layer) {}
    if !isClosed, !session.output.isEmpty { wrote() }
    // Behind its end a peer has nothing to say.
    return layer.phase == .ended || layer.phase == .failed ? bytes.count : bytes.count - session.input.count
  }

  private func handshake(_ layer: TLSLayer) {
    switch layer.session.handshake() {
    case .incomplete: break
    case .failed(let failure): fail(failure, layer)
    case .complete:
      layer.phase = .open
      if !isReading { stopPolling() }
      delegate?.transportDidSecure(self)
      if !isClosed, !output.isEmpty || closesWhenFlushed || shutsDownWhenFlushed { wrote() }
    }
  }

  /// Decrypts what there is, up to a buffer full, and hands it on. - Returns: whether there may be more.
  private func decrypt(_ layer: TLSLayer) -> Bool {
    var count = 0
    var step = TLSSession.DecryptStep.blocked
    repeat {
      step = layer.session.decrypt(into: loop.plaintextBuffer + count, Loop.readBufferSize - count)
      guard case .bytes(let more) = step else { break }
      count += more
      // A record is always read whole: without input there is nothing left, and no need to ask.
    } while !layer.session.input.isEmpty && Loop.readBufferSize - count >= Self.recordSize
    if count > 0 { delegate?.transport(self, didRead: ByteView(start: loop.plaintextBuffer, count: count)) }
    switch step {
    case .bytes: return !layer.session.input.isEmpty
    case .blocked: return false
    case .closed:
      layer.phase = .ended
      layer.isNotified = true
      layer.heldEnd = .endOfFile
    case .failed(let failure): fail(failure, layer)
    }
    return false
  }

  /// There is no TLS any more, in neither direction: also a delegate that reads no further at present must know.
  private func fail(_ failure: TLSFailure, _ layer: TLSLayer) {
    layer.phase = .failed
    layer.heldEnd = nil
    guard !isClosed else { return }
    // What OpenSSL has to say about it, an alert, leaves now or never.
    if writing == nil { sendCiphertext(layer.session) }
    layer.session.output.clear()
    isBroken = true
    end(NetFailure(failure))
  }

  // MARK: Writing

  /// Encrypts and sends `bytes` behind the output, as long as the kernel takes all of it.
  ///
  /// - Returns: how many of `bytes` have been encrypted.
  func push(_ bytes: ByteView, _ layer: TLSLayer) -> Int {
    let session = layer.session
    var taken = 0
    while !output.isEmpty || taken < bytes.count, session.output.count < Self.recordSize {
      let first = min(output.count, Self.batchSize)
      let second = first < output.count ? 0 : min(bytes.count - taken, Self.batchSize - first)
      // Room for all of it at once, with a header and a tag for each record.
      _ = session.output.reserve(first + second + ((first + second) / Self.recordSize + 2) * 64)
      hasSent = true
      var failure = first > 0 ? session.encrypt(output.view.slice(0, first)) : nil
      if failure == nil, second > 0 { failure = session.encrypt(bytes.slice(taken, second)) }
      if let failure {
        layer.phase = .failed
        layer.heldEnd = NetFailure(failure)
        isBroken = true
        output.clear()
        readHeldSoon(layer)
        return bytes.count
      }
      if first > 0 { output.consume(first) }
      taken += second
      sendCiphertext(session)
      if !session.output.isEmpty { break }
    }
    return taken
  }

  /// Gives the kernel what it takes of the ciphertext; an error shows when the rest is written.
  func sendCiphertext(_ session: TLSSession) {
    guard !session.output.isEmpty else { return }
    let sent = trySend(session.output.view)
    if sent > 0 { session.output.consume(sent) }
  }

  func writeEncrypted(_ bytes: ByteView, _ layer: TLSLayer) {
    let taken = layer.canEncrypt ? push(bytes, layer) : 0
    if isLost { return }
    output.append(bytes.from(taken))
    if !output.isEmpty || !layer.session.output.isEmpty { wrote() }
  }

  func flushEncrypted(_ layer: TLSLayer) {
    let session = layer.session
    if layer.canEncrypt, !output.isEmpty {
      _ = push(ByteView(start: nil, count: 0), layer)
      if isBroken { return }
    } else {
      sendCiphertext(session)
    }
    if !session.output.isEmpty { return writeRest(of: session.output) }
    // Before the end of the handshake output waits.
    if output.isEmpty || layer.phase != .handshaking { didFlush() }
  }

  /// Tells the peer that nothing more comes. - Returns: whether that has left, or there is nobody to tell.
  func sayGoodbye() -> Bool {
    guard let layer, layer.canEncrypt, !isBroken else { return true }
    layer.hasSaidGoodbye = true
    layer.session.close()
    sendCiphertext(layer.session)
    return layer.session.output.isEmpty
  }
}
