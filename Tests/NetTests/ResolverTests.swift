import Testing

@testable import Net

struct ResolverTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func resolve(_ host: String) throws -> Result<[SocketAddress], NetFailure> {
    var result: Result<[SocketAddress], NetFailure>?
    Resolver.resolve(test.loop, host: host, port: 8_080) {
      #expect(result == nil)
      result = $0
    }
    try test.run(until: { result != nil })
    return try #require(result)
  }

  @Test func localhostIsThisMachine() throws {
    let addresses = try resolve("localhost").get()
    #expect(!addresses.isEmpty)
    for address in addresses {
      #expect(address.isLoopback)
      #expect(address == .ip(address.host, port: 8_080))
    }
  }

  @Test(arguments: ["127.0.0.1", "::1", "192.0.2.7"])
  func literalsAreAnsweredAtOnce(_ host: String) throws {
    var found: [SocketAddress]?
    Resolver.resolve(test.loop, host: host, port: 80) { found = try? $0.get() }
    #expect(found == [.ip(host, port: 80)])
  }

  /// Names that no name server can know, so that none is asked.
  @Test(arguments: ["no such host", String(repeating: "a", count: 64) + ".example", "[::1]"])
  func unknownNamesFail(_ host: String) throws {
    guard case .failure(let failure) = try resolve(host) else {
      Issue.record("\(host) has an address")
      return
    }
    #expect(failure.code < 0)
  }
}
