import Testing

@testable import Net

struct ConnectorTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func failure(connectingTo address: SocketAddress) throws -> NetFailure? {
    var result: Result<Transport, NetFailure>?
    let connector = try Connector.connect(test.loop, to: address) { result = $0 }
    try withExtendedLifetime(connector) { try test.run(until: { result != nil }) }
    guard case .failure(let failure) = try #require(result) else { return nil }
    return failure
  }

  @Test func nobodyListens() throws {
    let listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 1) { transport, _ in transport.close() }
    let address = listener.address
    listener.close()
    try test.run(for: 1)
    #expect(try failure(connectingTo: address) == .connectionRefused)
  }

  @Test func aSocketFileThatIsNotThere() throws {
    #expect(try failure(connectingTo: .unix(path: "/nowhere/socket")) == .notFound)
  }

  @Test func anAddressThatIsNone() {
    #expect(throws: NetFailure.self) {
      try Connector.connect(test.loop, to: .ip("localhost", port: 1)) { _ in Issue.record("never started") }
    }
  }

  @Test func aCancelledConnectorIsSilent() throws {
    var accepted = 0
    let listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { transport, _ in
      accepted += 1
      transport.close()
    }
    let connector = try Connector.connect(test.loop, to: listener.address) { _ in Issue.record("cancelled") }
    connector.cancel()
    connector.cancel()
    let other = try test.connect(to: listener.address)
    try test.run(for: 5)
    #expect(accepted >= 1)
    other.transport.close()
    listener.close()
  }
}
