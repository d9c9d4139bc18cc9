import CLibuv
import Glibc

/// Reads and replaces whole files on libuv's thread pool: a slow disk never stalls the loop.
package enum SmallFile {
  /// Reads all of a file; `completion` is called once, from the loop.
  ///
  /// - Parameter limit: bytes; a file that is larger is a failure.
  package static func read(
    _ loop: Loop, _ path: String, limit: Int, completion: @escaping (Result<[UInt8], NetFailure>) -> Void
  ) {
    let work = Work(path, { read($0, limit: limit) }, completion)
    work.start(loop)
  }

  /// Puts a file with these bytes, for nobody else to read, in the place of another one or of none: whoever reads it, now
  /// or after a crash, gets the old or the new one whole.
  ///
  /// - Parameter completion: called once, from the loop; with nil when it was done.
  package static func replace(
    _ loop: Loop, _ path: String, with bytes: [UInt8], completion: @escaping (NetFailure?) -> Void
  ) {
    let work = Work(path, { replace($0, with: bytes) }) { result in
      switch result {
      case .success: completion(nil)
      case .failure(let failure): completion(failure)
      }
    }
    work.start(loop)
  }

  /// One file's work: done on a thread of the pool, which has it alone in the meantime.
  private final class Work {
    private let path: String
    private let perform: (String) -> Result<[UInt8], NetFailure>
    private let completion: (Result<[UInt8], NetFailure>) -> Void
    private let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
    private var result: Result<[UInt8], NetFailure> = .failure(.cancelled)

    init(
      _ path: String, _ perform: @escaping (String) -> Result<[UInt8], NetFailure>,
      _ completion: @escaping (Result<[UInt8], NetFailure>) -> Void
    ) {
      self.path = path
      self.perform = perform
      self.completion = completion
    }

    deinit { request.deallocate() }

    func start(_ loop: Loop) {
      request.pointee.data = Unmanaged.passRetained(self).toOpaque()
      let status = uv_queue_work(
        loop.raw, request,
        { request in
          guard let data = request?.pointee.data else { return }
          Unmanaged<Work>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.result = $0.perform($0.path) }
        },
        { request, _ in
          guard let data = request?.pointee.data else { return }
          let work = Unmanaged<Work>.fromOpaque(data).takeRetainedValue()
          work.completion(work.result)
        })
      if status < 0 {
        Unmanaged.passUnretained(self).release()
        completion(.failure(NetFailure(status)))
      }
    }
  }

  // MARK: On a thread of the pool

  private static func failure() -> Result<[UInt8], NetFailure> { .failure(NetFailure(-errno)) }

  private static func read(_ path: String, limit: Int) -> Result<[UInt8], NetFailure> {
    // A pipe must not hold the thread until somebody writes to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return failure() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return failure() }
      if count == 0 { return .success(bytes) }
      guard bytes.count + count <= limit else { return .failure(NetFailure(UV_EFBIG.rawValue)) }
      bytes += piece[..<count]
    }
  }

  private static func replace(_ path: String, with bytes: [UInt8]) -> Result<[UInt8], NetFailure> {
    let draft = "\(path).\(getpid()).new"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return failure() }
    var isWritten = write(bytes, to: descriptor) && fsync(descriptor) == 0
    var fault = errno
    if close(descriptor) != 0, isWritten { (isWritten, fault) = (false, errno) }
    if isWritten, rename(draft, path) != 0 { (isWritten, fault) = (false, errno) }
    guard !isWritten else { return .success([]) }
    unlink(draft)
    return .failure(NetFailure(-fault))
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
