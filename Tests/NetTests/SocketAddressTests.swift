import Testing

@testable import Net

struct SocketAddressTests {
  @Test(arguments: [
    (SocketAddress.ip("127.0.0.1", port: 80), "127.0.0.1:80", "127.0.0.1", true),
    (.ip("127.8.9.10", port: 1), "127.8.9.10:1", "127.8.9.10", true),
    (.ip("::1", port: 8_080), "[::1]:8080", "::1", true),
    (.ip("0.0.0.0", port: 80), "0.0.0.0:80", "0.0.0.0", false),
    (.ip("::", port: 80), "[::]:80", "::", false),
    (.ip("192.0.2.1", port: 65_535), "192.0.2.1:65535", "192.0.2.1", false),
    (.unix(path: "/run/a.sock"), "unix:/run/a.sock", "", true),
  ])
  func texts(_ address: SocketAddress, _ description: String, _ host: String, _ isLoopback: Bool) {
    #expect(address.description == description)
    #expect(address.host == host)
    #expect(address.isLoopback == isLoopback)
  }

  @Test(arguments: [
    SocketAddress.ip("127.0.0.1", port: 80), .ip("::1", port: 443), .ip("2001:db8::5", port: 65_535),
    .ip("0.0.0.0", port: 0),
  ])
  func thereAndBack(_ address: SocketAddress) throws {
    #expect(try address.withSockAddr { SocketAddress($0) } == address)
    #expect(try address.withSockAddr { SocketAddress($0, port: 7) } == .ip(address.host, port: 7))
  }

  @Test(arguments: [
    SocketAddress.ip("localhost", port: 80), .ip("", port: 80), .ip("1.2.3", port: 80), .ip("1.2.3.256", port: 80),
    .ip("::g", port: 80), .unix(path: "/a"),
  ])
  func noAddressForTheSystem(_ address: SocketAddress) {
    #expect(throws: NetFailure.self) { try address.withSockAddr { _ in } }
  }
}
