import Configuration
import Testing

struct ListenerConfigurationTests {
  private func address(_ text: String) -> ListenerConfiguration.Address? {
    Fixture.load(Fixture.minimal + "listeners:\n  - address: \"\(text)\"\n").configuration?.listeners.first?
      .address
  }

  @Test(arguments: [
    ("0.0.0.0:80", ListenerConfiguration.Address.ipv4("0.0.0.0", port: 80)),
    ("127.0.0.1:0", .ipv4("127.0.0.1", port: 0)), ("[::1]:65535", .ipv6("::1", port: 65535)),
    ("unix:/run/a b.sock", .unix(path: "/run/a b.sock")),
  ])
  func reads(text: String, expected: ListenerConfiguration.Address) {
    #expect(address(text) == expected)
    #expect(expected.description == text)
  }

  @Test(arguments: [
    "8080", ":8080", "localhost:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
    "127.0.0.1:+1",
    "127.0.0.1:080", "127.1:80", "::1:80", "[::1]", "[::1:80", "[127.0.0.1]:80", "unix:", "unix:run/a.sock",
    "unix:/\(String(repeating: "a", count: 107))", "",
  ])
  func refuses(text: String) {
    #expect(address(text) == nil)
  }
}
