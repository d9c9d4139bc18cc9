import CLibuv
import Glibc

/// Where to listen or to connect to.
package enum SocketAddress: Equatable, Sendable, CustomStringConvertible {
  /// An IP address literal and a port.
  case ip(String, port: Int)
  /// A UNIX-domain socket.
  case unix(path: String)

  /// For example `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/portcullis.sock`.
  package var description: String {
    switch self {
    case .ip(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// Whether only processes of this machine can reach it.
  package var isLoopback: Bool {
    switch self {
    case .ip(let address, _): address.hasPrefix("127.") || address == "::1"
    case .unix: true
    }
  }

  /// Whether it is a UNIX-domain socket.
  package var isSocket: Bool {
    if case .unix = self { return true }
    return false
  }

  /// Calls `body` with the address as the system calls take it.
  func withSockAddr<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) throws(NetFailure) -> Result {
    guard case .ip(let address, let port) = self else { throw NetFailure(UV_EINVAL.rawValue) }
    var storage = sockaddr_storage()
    let isV6 = address.contains(":")
    let status = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
        pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
          isV6 ? uv_ip6_addr(address, Int32(port), v6) : uv_ip4_addr(address, Int32(port), v4)
        }
      }
    }
    guard status == 0 else { throw NetFailure(status) }
    return withUnsafePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
    }
  }

  init?(_ pointer: UnsafePointer<sockaddr>, port: Int? = nil) {
    var text = [CChar](repeating: 0, count: 64)
    switch Int32(pointer.pointee.sa_family) {
    case AF_INET:
      let found = pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
        uv_ip4_name(v4, &text, text.count) == 0 ? Int(UInt16(bigEndian: v4.pointee.sin_port)) : nil
      }
      guard let found else { return nil }
      self = .ip(Self.string(text), port: port ?? found)
    case AF_INET6:
      let found = pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
        uv_ip6_name(v6, &text, text.count) == 0 ? Int(UInt16(bigEndian: v6.pointee.sin6_port)) : nil
      }
      guard let found else { return nil }
      self = .ip(Self.string(text), port: port ?? found)
    default: return nil
    }
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The address literal without the port; empty for a UNIX-domain socket.
  package var host: String {
    switch self {
    case .ip(let address, _): address
    case .unix: ""
    }
  }
}
