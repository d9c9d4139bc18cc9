import Bytes

/// What a transport that speaks TLS holds besides.
final class TLSLayer {
  enum Phase {
    case handshaking, open
    /// The peer has ended its side.
    case ended
    /// Nothing can be encrypted or decrypted any more.
    case failed
  }

  let session: TLSSession
  var phase = Phase.handshaking
  /// Ciphertext that has been read while nobody wanted it: what one read brings, at the most. Not from the pool: a
  /// thousand ClientHellos at once would fill that with blocks that are never needed again.
  let held = ByteBuffer()
  /// How the connection has ended behind what is held, and whether `close_notify` came before.
  var heldEnd: NetFailure?
  var isNotified = false
  /// It waits in the loop's list.
  var isReady = false
  /// `close_notify` has been written.
  var hasSaidGoodbye = false

  init(_ session: TLSSession, pool: BufferPool) {
    self.session = session
    session.output = ByteBuffer(pool: pool)
  }

  var canEncrypt: Bool { (phase == .open || phase == .ended) && !hasSaidGoodbye }
}
