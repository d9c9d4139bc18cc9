import Bytes
import Glibc
import Testing

@testable import Net

struct ListenerTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  @Test(arguments: ["127.0.0.1", "::1"])
  func theSystemChoosesAPortAndThePeerIsKnown(_ host: String) throws {
    var peers: [SocketAddress?] = []
    let listener = try Listener(test.loop, .ip(host, port: 0), backlog: 8) { transport, peer in
      peers.append(peer)
      transport.close()
    }
    guard case .ip(host, let port) = listener.address else {
      Issue.record("\(listener.address)")
      return
    }
    #expect(port > 0)
    let client = try test.connect(to: listener.address)
    try test.run(until: { peers.count == 1 })
    #expect(peers.first??.host == host)
    client.transport.close()
    listener.close()
  }

  @Test func aUnixSocketFileComesAndGoes() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    var accepted = 0
    let listener = try Listener(test.loop, .unix(path: path), backlog: 8) { transport, peer in
      accepted += 1
      #expect(peer == nil)
      transport.close()
    }
    #expect(listener.address == .unix(path: path))
    let client = try test.connect(to: listener.address)
    try test.run(until: { accepted == 1 })
    client.transport.close()
    listener.close()
    #expect(access(path, F_OK) != 0)
  }

  /// A process that was killed leaves its socket file behind.
  @Test func anAbandonedSocketFileIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    try leaveSocketFile(path)
    #expect(access(path, F_OK) == 0)
    var accepted = 0
    let listener = try Listener(test.loop, .unix(path: path), backlog: 8) { transport, _ in
      accepted += 1
      transport.close()
    }
    let client = try test.connect(to: listener.address)
    try test.run(until: { accepted == 1 })
    client.transport.close()
    listener.close()
  }

  private func leaveSocketFile(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(descriptor)
    try #require(status == 0)
  }

  @Test func aSocketFileInUseIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/socket"
    var accepted = 0
    let first = try Listener(test.loop, .unix(path: path), backlog: 8) { transport, _ in
      accepted += 1
      transport.close()
    }
    #expect(throws: NetFailure.addressInUse) {
      try Listener(test.loop, .unix(path: path), backlog: 8) { transport, _ in transport.close() }
    }
    let client = try test.connect(to: .unix(path: path))
    // The probe of the second listener was a connection, too.
    try test.run(until: { accepted == 2 })
    client.transport.close()
    first.close()
  }

  @Test func aFileThatIsNoSocketIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/file"
    let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
    try #require(descriptor >= 0)
    close(descriptor)
    #expect(throws: NetFailure.addressInUse) {
      try Listener(test.loop, .unix(path: path), backlog: 8) { transport, _ in transport.close() }
    }
    #expect(access(path, F_OK) == 0)
  }

  @Test func aPlaceThatDoesNotExistIsRefused() {
    #expect(throws: NetFailure.self) {
      try Listener(test.loop, .unix(path: "/nowhere/at/all/socket"), backlog: 8) { transport, _ in transport.close() }
    }
    #expect(throws: NetFailure.self) {
      try Listener(test.loop, .ip("not an address", port: 0), backlog: 8) { transport, _ in transport.close() }
    }
    #expect(throws: NetFailure.self) {
      try Listener(test.loop, .ip("203.0.113.1", port: 0), backlog: 8) { transport, _ in transport.close() }
    }
  }

  @Test func aPortInUseIsRefusedAndTheLoopGoesOn() throws {
    let first = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { transport, _ in transport.close() }
    for _ in 0..<20 {
      #expect(throws: NetFailure.addressInUse) {
        try Listener(test.loop, first.address, backlog: 8) { transport, _ in transport.close() }
      }
      try test.run(for: 0)
    }
    let client = try test.connect(to: first.address)
    try test.run(until: { client.ended != nil })
    client.transport.close()
    first.close()
  }

  @Test func aPortIsFreeAgainAfterClosing() throws {
    let first = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { transport, _ in transport.close() }
    let address = first.address
    first.close()
    first.close()
    let second = try Listener(test.loop, address, backlog: 8) { transport, _ in transport.close() }
    #expect(second.address == address)
    second.close()
  }

  @Test func acceptingPausesWhileThereIsNoRoom() throws {
    var accepted: [Transport] = []
    var room = 2
    let listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { transport, _ in
      accepted.append(transport)
    }
    listener.hasRoom = { accepted.count < room }
    let clients = try (0..<5).map { _ in try test.connect(to: listener.address) }
    try test.run(until: { accepted.count == 2 })
    try test.run(for: 5)
    #expect(accepted.count == 2)
    // The others are connected as far as they know, and wait in the kernel's queue.
    #expect(clients.allSatisfy { $0.ended == nil })
    room = 4
    listener.resume()
    try test.run(until: { accepted.count == 4 })
    try test.run(for: 5)
    #expect(accepted.count == 4)
    room = 10
    listener.resume()
    try test.run(until: { accepted.count == 5 })
    for transport in accepted { transport.close() }
    for client in clients { client.transport.close() }
    listener.close()
    listener.resume()
  }
}
