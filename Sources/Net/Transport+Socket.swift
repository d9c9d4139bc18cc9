import Bytes
import CLibuv
import Glibc

/// Sending at once. By the system calls for sockets: libuv writes as to a file, which costs the kernel more.
extension Transport {
  /// Gives the kernel what it takes of both at once, in this order. Not while a `uv_write` is under way.
  ///
  /// - Returns: the number of bytes, or the negative error.
  func trySend(_ first: ByteView, _ second: ByteView = ByteView(start: nil, count: 0)) -> Int {
    var descriptor: uv_os_fd_t = -1
    guard uv_fileno(pc_stream_handle(stream), &descriptor) == 0 else { return Int(UV_EBADF.rawValue) }
    var sent = 0
    repeat {
      if first.count > 0, second.count > 0 {
        sent = Self.send(descriptor, first, second)
      } else {
        let bytes = first.count > 0 ? first : second
        sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, noSignal)
      }
    } while sent < 0 && errno == EINTR
    return sent < 0 ? -Int(errno) : sent
  }

  private static func send(_ descriptor: Int32, _ first: ByteView, _ second: ByteView) -> Int {
    withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
      for (index, bytes) in [first, second].enumerated() {
        pieces.initializeElement(
          at: index, to: iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
      }
      var message = msghdr()
      message.msg_iov = pieces.baseAddress
      message.msg_iovlen = 2
      return sendmsg(descriptor, &message, noSignal)
    }
  }
}

/// A connection that the peer has closed is an error like any other.
private let noSignal = Int32(MSG_NOSIGNAL)
