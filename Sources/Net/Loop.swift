package import Bytes
import CLibuv
import Glibc

/// The event loop: one per process, one thread, everything happens on it.
///
/// Owns what all connections share: the read buffer, the pool of output blocks, the deadlines and the list of
/// transports with output, which is flushed once before each poll.
package final class Loop {
  let raw: UnsafeMutablePointer<uv_loop_t>
  private let prepare: UnsafeMutablePointer<uv_prepare_t>
  /// Where every read lands; its bytes are lent to the reader for the length of a call.
  let readBuffer: UnsafeMutableRawPointer
  static let readBufferSize = 65_536
  /// Where TLS decrypts to, lent in the same way.
  let plaintextBuffer: UnsafeMutableRawPointer

  package let buffers = BufferPool()
  package private(set) var deadlines: DeadlineHeap
  private var dirty: [Transport] = []
  private var dirtyNext: [Transport] = []
  /// Transports with ciphertext that has been read and may be decrypted now.
  private var ready: [Transport] = []

  /// - Throws: when the operating system has no resources for a loop.
  package init() throws(NetFailure) {
    raw = .allocate(capacity: 1)
    prepare = .allocate(capacity: 1)
    readBuffer = .allocate(byteCount: Self.readBufferSize, alignment: 64)
    plaintextBuffer = .allocate(byteCount: Self.readBufferSize, alignment: 64)
    let status = uv_loop_init(raw)
    guard status == 0 else { throw NetFailure(status) }
    deadlines = DeadlineHeap(raw)
    raw.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    uv_prepare_init(raw, prepare)
    prepare.pointee.data = raw.pointee.data
    uv_prepare_start(prepare) { handle in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<Loop>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.flush() }
    }
    uv_unref(pc_prepare_handle(prepare))
    signal(SIGPIPE, SIG_IGN)
  }

  /// Milliseconds of a clock that never goes back; read once per turn of the loop.
  package var now: UInt64 { uv_now(raw) }

  /// Looks at the clock again. The loop does so by itself in each turn; whoever has worked for long before the first one
  /// has to, or deadlines that are set then come too early by that time.
  package func updateTime() { uv_update_time(raw) }

  /// Nanoseconds of a clock that never goes back, read now.
  package static var nanoseconds: UInt64 { uv_hrtime() }

  /// Seconds since 1970, read now. Not by `time`, which lags behind by up to a tick: a token issued in this second
  /// would come from the future.
  package static var unixTime: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec)
  }

  /// Runs until nothing is left to wait for, or `stop` is called.
  package func run() { uv_run(raw, UV_RUN_DEFAULT) }

  /// Runs what is ready, waiting for at most one event; for tests that drive the loop.
  package func runOnce() { uv_run(raw, UV_RUN_ONCE) }

  package func stop() { uv_stop(raw) }

  func markDirty(_ transport: Transport) { dirty.append(transport) }

  func markReady(_ transport: Transport) { ready.append(transport) }

  /// The flush point: all that a turn has written leaves in few system calls, and no event waits for a turn.
  private func flush() {
    while !dirty.isEmpty || !ready.isEmpty {
      while let transport = ready.popLast() { transport.readHeld() }
      swap(&dirty, &dirtyNext)
      for transport in dirtyNext { transport.flush() }
      dirtyNext.removeAll(keepingCapacity: true)
    }
  }
}

/// The event library this build runs with.
package enum EventLibrary {
  /// For example `1.44.2`.
  package static var version: String { uv_version_string().map { String(cString: $0) } ?? "unknown" }
}
