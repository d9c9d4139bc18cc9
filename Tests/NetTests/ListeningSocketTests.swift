import Glibc
import Testing

@testable import Net

struct ListeningSocketTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  @Test(arguments: ["127.0.0.1", "::1"])
  func severalShareWhatComes(_ host: String) throws {
    let first = try ListeningSocket(.ip(host, port: 0), backlog: 64, isFirst: true)
    let second = try ListeningSocket(first.address, backlog: 64, isFirst: false)
    #expect(second.address == first.address)
    var counts = [0, 0]
    let listeners = try [first, second].enumerated().map { index, socket in
      try Listener(test.loop, socket.address, backlog: 64, socket: dup(socket.descriptor)) { transport, _ in
        counts[index] += 1
        transport.close()
      }
    }
    // That one of them gets none of 60 has a probability of 2^-59.
    for _ in 0..<60 { try test.connect(to: first.address).transport.close() }
    try test.run(until: { counts.reduce(0, +) == 60 })
    #expect(!counts.contains(0))
    for listener in listeners { listener.close() }
  }

  /// Not even another one that would share it.
  @Test func nobodyElseListensThere() throws {
    let first = try ListeningSocket(.ip("127.0.0.1", port: 0), backlog: 1, isFirst: true)
    #expect(throws: NetFailure.addressInUse) { try ListeningSocket(first.address, backlog: 1, isFirst: true) }
    let second = try ListeningSocket(first.address, backlog: 1, isFirst: false)
    #expect(throws: NetFailure.addressInUse) { try ListeningSocket(second.address, backlog: 1, isFirst: true) }
  }

  @Test func aUnixSocketFileInUseStays() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress.unix(path: "\(directory.path)/socket")
    let socket = try ListeningSocket(address, backlog: 1, isFirst: true)
    #expect(throws: NetFailure.addressInUse) { try ListeningSocket(address, backlog: 1, isFirst: true) }
    withExtendedLifetime(socket) {}
  }

  @Test func anAbandonedUnixSocketFileIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress.unix(path: "\(directory.path)/socket")
    // Closing removes no file.
    _ = try ListeningSocket(address, backlog: 1, isFirst: true)
    _ = try ListeningSocket(address, backlog: 1, isFirst: true)
  }

  @Test func aPathThatIsTooLongIsRefused() {
    #expect(throws: NetFailure(-ENAMETOOLONG)) {
      try ListeningSocket(.unix(path: "/tmp/" + String(repeating: "a", count: 200)), backlog: 1, isFirst: true)
    }
  }

  /// The kernel would reset them.
  @Test func whoWaitsWhenItClosesIsAccepted() throws {
    var accepted: [Transport] = []
    let listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { transport, _ in
      accepted.append(transport)
    }
    guard case .ip(_, let port) = listener.address else { return }
    // Blocking, so that the loop has not turned when all of them wait.
    let clients = (0..<5).map { _ in Self.connect(port) }
    #expect(!clients.contains { $0 < 0 })
    listener.close()
    #expect(accepted.count == 5)
    for client in clients { close(client) }
    for transport in accepted { transport.close() }
  }

  private static func connect(_ port: Int) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return status == 0 ? descriptor : -1
  }
}
