import CLibuv
import Glibc

/// A socket that listens and that another process accepts from.
///
/// Several on one address share what comes to it (SO_REUSEPORT): the kernel gives each connection to one of them, by
/// a hash over both addresses and ports. The first one is bound and listens without that option and gets it afterwards:
/// so whoever else listens on the address is an error, also a process of the same user, and there is no moment at which
/// two programs could begin to share it unnoticed.
package final class ListeningSocket {
  package let descriptor: Int32
  /// Where it listens, with the port that the system chose for port 0.
  package private(set) var address: SocketAddress

  /// - Parameters:
  ///   - backlog: connections the kernel holds until they are accepted.
  ///   - isFirst: none of ours listens on the address; others join it. A UNIX-domain socket has no others.
  package init(_ address: SocketAddress, backlog: Int, isFirst: Bool) throws(NetFailure) {
    self.address = address
    let family =
      switch address {
      case .ip(let host, _): host.contains(":") ? AF_INET6 : AF_INET
      case .unix: AF_UNIX
      }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw NetFailure(-errno) }
    switch address {
    case .ip: try listenTCP(backlog, isFirst: isFirst)
    case .unix(let path):
      try SocketFile.bind(path) { Self.bind(descriptor, path: $0) }
      try Self.check(listen(descriptor, Int32(backlog)))
    }
  }

  deinit { Glibc.close(descriptor) }

  private func listenTCP(_ backlog: Int, isFirst: Bool) throws(NetFailure) {
    try set(SO_REUSEADDR)
    if !isFirst { try set(SO_REUSEPORT) }
    let length = socklen_t(
      address.description.hasPrefix("[") ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    try Self.check(try address.withSockAddr { Glibc.bind(descriptor, $0, length) })
    try Self.check(listen(descriptor, Int32(backlog)))
    if isFirst { try set(SO_REUSEPORT) }
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let found = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name -> SocketAddress? in
        getsockname(descriptor, name, &size) == 0 ? SocketAddress(name) : nil
      }
    }
    if let found { address = found }
  }

  private func set(_ option: Int32) throws(NetFailure) {
    var on: Int32 = 1
    try Self.check(setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size)))
  }

  private static func check(_ status: Int32) throws(NetFailure) {
    if status < 0 { throw NetFailure(-errno) }
  }

  /// 0, or a negative error.
  private static func bind(_ descriptor: Int32, path: String) -> Int32 {
    SocketFile.withAddress(path) { Glibc.bind(descriptor, $0, $1) == 0 ? 0 : -errno } ?? UV_ENAMETOOLONG.rawValue
  }
}

/// The file of a UNIX-domain socket.
enum SocketFile {
  /// Binds by `bind`, which answers 0 or a negative error. A file that nobody listens on any more is replaced.
  static func bind(_ path: String, _ bind: (String) -> Int32) throws(NetFailure) {
    var status = bind(path)
    if status == UV_EADDRINUSE.rawValue {
      guard isAbandoned(path), unlink(path) == 0 else { throw NetFailure.addressInUse }
      status = bind(path)
    }
    if status < 0 { throw NetFailure(status) }
  }

  /// Calls `body` with the address as the system calls take it; nil when the path is too long for one.
  static func withAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
      guard path.utf8.count < room.count else { return false }
      room.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { return nil }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }

  private static func isAbandoned(_ path: String) -> Bool {
    // To connect to a file that is no socket is refused, too: whatever it is, it is not ours to remove.
    var file = stat()
    guard lstat(path, &file) == 0, file.st_mode & S_IFMT == S_IFSOCK else { return false }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { Glibc.close(descriptor) }
    return withAddress(path) { connect(descriptor, $0, $1) != 0 && errno == ECONNREFUSED } ?? false
  }
}
