import CLibuv
import Glibc

/// Keeps the pieces apart that several processes write to one file, pipe or terminal: the kernel promises that for
/// short writes to a pipe only.
///
/// A lock on an anonymous file which the processes inherit (`fcntl`, F_SETLKW): it is the process's, so whoever dies
/// has released it. Waits on libuv's thread pool, never on the loop.
package struct WriteLock: Sendable {
  package let descriptor: Int32

  /// A new one, for this process and those that inherit the descriptor.
  package init() throws(NetFailure) {
    descriptor = pc_anonymous_file("write-lock")
    guard descriptor >= 0 else { throw NetFailure(-errno) }
  }

  /// One that was inherited.
  package init(inherited descriptor: Int32) { self.descriptor = descriptor }

  /// Waits until nobody else writes, and then writes everything.
  ///
  /// - Returns: the number of bytes; or a negative error, when not all of them could be written.
  func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Int {
    guard set(F_WRLCK) else { return Int(-errno) }
    defer { _ = set(F_UNLCK) }
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      if count >= 0 {
        done += count
      } else if errno == EAGAIN {
        // Somebody has made it non-blocking.
        var place = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        poll(&place, 1, -1)
      } else if errno != EINTR {
        return Int(-errno)
      }
    }
    return done
  }

  private func set(_ kind: Int32) -> Bool {
    var lock = flock()
    lock.l_type = Int16(kind)
    lock.l_whence = Int16(SEEK_SET)
    while fcntl(descriptor, F_SETLKW, &lock) != 0 {
      guard errno == EINTR else { return false }
    }
    return true
  }
}
