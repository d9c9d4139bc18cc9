import Glibc
import Net
import Testing

/// Somebody at the other end, who gets a chance to move with each turn of the loop.
protocol Pumped: AnyObject {
  func pump()
  func close()
}

/// A client on a plain non-blocking socket: what it sends, and whether it reads, is the test's decision.
final class TestClient: Pumped {
  enum End { case closed, reset }

  private let descriptor: Int32
  private var isOpen = true
  private var outbox: [UInt8] = []
  private(set) var received: [UInt8] = []
  /// How the gateway has ended the connection.
  private(set) var end: End?
  /// Bytes are left to the kernel while this is false.
  var isReading = true

  struct ConnectFailed: Error { let code: Int32 }

  init(_ address: SocketAddress) throws {
    switch address {
    case .ip(let host, let port):
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = in_port_t(port).bigEndian
      name.sin_addr.s_addr = inet_addr(host)
      try connect(&name)
    case .unix(let path):
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
      try connect(&name)
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  deinit { close() }

  /// The kernel accepts for the listener: this never waits for the loop.
  private func connect<Name>(_ name: inout Name) throws {
    let status = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
      }
    }
    if status != 0 { throw ConnectFailed(code: errno) }
  }

  /// What has come, without the Date fields, the only bytes that differ from run to run.
  var text: String {
    var lines = String(decoding: received, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    lines.removeAll { $0.hasPrefix("Date: ") }
    return lines.joined(separator: "\r\n")
  }

  func send(_ text: String) { send([UInt8](text.utf8)) }

  func send(_ bytes: [UInt8]) {
    outbox += bytes
    pump()
  }

  /// Whether the kernel has taken all that was sent.
  var hasSentAll: Bool { outbox.isEmpty }

  /// Moves what can be moved without waiting.
  func pump() {
    guard isOpen else { return }
    while !outbox.isEmpty {
      let sent = outbox.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { break }
      outbox.removeFirst(sent)
    }
    guard isReading, end == nil else { return }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else {
        if count == 0 { end = .closed } else if errno != EAGAIN { end = .reset }
        return
      }
      received += buffer[0..<count]
    }
  }

  /// Ends the client's side; the gateway's stays open.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  func close() {
    guard isOpen else { return }
    isOpen = false
    Glibc.close(descriptor)
  }

  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }
}
