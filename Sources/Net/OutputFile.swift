package import Bytes
import CLibuv

/// Writes to a file descriptor through libuv's thread pool: a full pipe or a slow disk never stalls the loop.
package final class OutputFile {
  private let loop: Loop
  private let descriptor: Int32
  private let lock: WriteLock?
  private var waiting = ByteBuffer()
  private var writing: ByteBuffer?
  private let request = UnsafeMutablePointer<uv_fs_t>.allocate(capacity: 1)
  private lazy var work = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
  private var locked = 0
  private let pace: Deadline
  private var completion: (() -> Void)?

  /// Bytes held at the most; what does not fit is dropped and counted.
  private static let limit = 8 << 20
  /// Lines are written in batches: after so many bytes, or so many milliseconds.
  private static let batchSize = 32_768
  private static let batchDelay: UInt64 = 20
  /// Pieces dropped because the reader of the descriptor is too slow, or gone.
  package private(set) var dropped = 0
  private var reported = 0
  /// Told, once there is room again, how many pieces have been dropped since it was last told.
  package var onDropped: (Int) -> Void = { _ in }

  /// - Parameter lock: taken for each batch, when other processes write to the same file.
  package init(_ loop: Loop, descriptor: Int32, lock: WriteLock? = nil) {
    self.loop = loop
    self.descriptor = descriptor
    self.lock = lock
    final class Target { weak var file: OutputFile? }
    let target = Target()
    pace = Deadline(loop.deadlines) { target.file?.start() }
    target.file = self
  }

  deinit {
    request.deallocate()
    if lock != nil { work.deallocate() }
  }

  /// Queues a piece, whole or not at all.
  package func append(_ piece: ByteView) {
    guard waiting.count + piece.count <= Self.limit else {
      dropped += 1
      return
    }
    let wasEmpty = waiting.isEmpty
    waiting.append(piece)
    if waiting.count >= Self.batchSize { start() } else if wasEmpty { pace.set(in: Self.batchDelay) }
  }

  /// Writes what is queued and calls `completion` when all of it has been written.
  package func drain(_ completion: @escaping () -> Void) {
    self.completion = completion
    if writing == nil, waiting.isEmpty { finish() } else { start() }
  }

  private func finish() {
    let completion = completion
    self.completion = nil
    completion?()
  }

  private func start() {
    guard writing == nil, !waiting.isEmpty else { return }
    pace.clear()
    writing = waiting
    waiting = ByteBuffer()
    writeMore()
  }

  private func writeMore() {
    guard let view = writing?.view else { return }
    guard lock == nil else { return writeLocked() }
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    var buffer = uv_buf_init(
      UnsafeMutablePointer(mutating: view.baseAddress?.assumingMemoryBound(to: CChar.self)),
      UInt32(view.count))
    let status = uv_fs_write(loop.raw, request, descriptor, &buffer, 1, -1) { request in
      guard let request, let data = request.pointee.data else { return }
      let result = request.pointee.result
      uv_fs_req_cleanup(request)
      Unmanaged<OutputFile>.fromOpaque(data).takeRetainedValue().didWrite(result)
    }
    if status < 0 { Unmanaged.passUnretained(self).release() }
  }

  /// Writes all of it, while the other processes wait.
  private func writeLocked() {
    work.pointee.data = Unmanaged.passRetained(self).toOpaque()
    let status = uv_queue_work(
      loop.raw, work,
      { work in
        guard let data = work?.pointee.data else { return }
        Unmanaged<OutputFile>.fromOpaque(data)._withUnsafeGuaranteedRef { file in
          // On a thread of the pool, which has these bytes to itself meanwhile.
          guard let view = file.writing?.view, let lock = file.lock else { return }
          file.locked = lock.write(view, to: file.descriptor)
        }
      },
      { work, _ in
        guard let data = work?.pointee.data else { return }
        let file = Unmanaged<OutputFile>.fromOpaque(data).takeRetainedValue()
        file.didWrite(file.locked)
      })
    if status < 0 { Unmanaged.passUnretained(self).release() }
  }

  private func didWrite(_ result: Int) {
    if result > 0 {
      writing?.consume(result)
    } else if result != Int(UV_EAGAIN.rawValue) {
      // The descriptor is broken; its reader is gone for good.
      dropped += 1
      writing?.clear()
    }
    if writing?.isEmpty == false { return result > 0 ? writeMore() : retryLater() }
    writing = nil
    if dropped > reported, result > 0 {
      let count = dropped - reported
      reported = dropped
      onDropped(count)
    }
    if waiting.count >= Self.batchSize || (completion != nil && !waiting.isEmpty) {
      start()
    } else if !waiting.isEmpty {
      pace.set(in: Self.batchDelay)
    } else {
      finish()
    }
  }

  /// The descriptor is non-blocking and full.
  private func retryLater() {
    let paused = Deadline(loop.deadlines) { [self] in writeMore() }
    paused.set(in: Self.batchDelay)
  }
}
