import Configuration
import Testing

struct GatewayConfigurationTests {
  @Test func fillsInEveryDefault() throws {
    let result = Fixture.load(Fixture.minimal)
    #expect(result.diagnostics.isEmpty)
    let configuration = try #require(result.configuration)
    #expect(configuration.publicURL.description == "https://mcp.example.com")
    #expect(configuration.allowedHosts.isEmpty)
    #expect(configuration.listeners.map(\.address) == [.ipv4("127.0.0.1", port: 8080)])
    #expect(configuration.listeners.map(\.backlog) == [1024])
    #expect(configuration.routes.count == 1)
    #expect(configuration.limits.connections == 10_000)
    #expect(configuration.limits.handshakes == 512)
    #expect(configuration.limits.streams == 128)
    #expect(configuration.limits.headSize == 32_768)
    #expect(configuration.limits.targetSize == 8192)
    #expect(configuration.limits.headerCount == 100)
    #expect(configuration.limits.bodySize == 4_194_304)
    #expect(configuration.limits.failedTokens == 120)
    #expect(configuration.timeouts.handshake == .seconds(10))
    #expect(configuration.timeouts.requestHead == .seconds(10))
    #expect(configuration.timeouts.requestBody == .seconds(30))
    #expect(configuration.timeouts.keepAlive == .seconds(75))
    #expect(configuration.timeouts.streamIdle == .seconds(300))
    #expect(configuration.timeouts.streamMax == .seconds(3600))
    #expect(configuration.timeouts.drain == .seconds(30))
    #expect(configuration.admin == nil)
    #expect(configuration.keyCacheDirectory == nil)
    #expect(configuration.workers == .fixed(1))
    #expect(configuration.log.level == .info)
    #expect(configuration.log.access)
  }

  /// Other spellings of a guarded path belong to an open route above it.
  @Test(arguments: [("/", true), ("/a", true), ("/a/b", false), ("/other", false)])
  func warnsOfAnOpenRouteAboveAGuardedOne(_ open: String, _ warns: Bool) {
    let result = Fixture.load(
      """
      public_url: https://mcp.example.com
      routes:
        - path: \(open)
          upstream: {url: "http://127.0.0.1:8000"}
          authorization: none
        - path: /a/mcp
          upstream: {url: "http://127.0.0.1:8000"}
          authorization:
            discovery_url: http://127.0.0.1:9000/.well-known/openid-configuration
            allowed_audience: [a]
      """)
    #expect(result.configuration != nil)
    #expect(result.diagnostics.map(\.line) == (warns ? [5] : []))
    #expect(result.diagnostics.allSatisfy { $0.severity == .warning && $0.message.contains("//a/mcp or /A/MCP") })
  }

  @Test func readsEveryValueOfItsOwnSections() throws {
    let configuration = try #require(
      Fixture.load(
        Fixture.minimal + """
          allowed_hosts: [lb.internal, "10.0.0.1:8080", "[::1]:8080"]
          listeners:
            - {address: "0.0.0.0:80", backlog: 7}
            - address: "[::]:0"
            - address: unix:/run/portcullis.sock
          limits:
            {connections: 1, handshakes: 3, streams: 4, head_size: 64KiB, target_size: 1000, header_count: 2, body_size: 0,
            failed_tokens: 0}
          timeouts:
            {handshake: 7s, request_head: 1s, request_body: 2s, keep_alive: 3m, stream_idle: 4h, stream_max: 24h,
            drain: 6ms}
          admin: {address: "127.0.0.1:9090"}
          log: {level: debug, access: false}
          key_cache_directory: /var/lib/portcullis/keys
          workers: auto
          """
      ).configuration)
    #expect(configuration.allowedHosts == ["lb.internal", "10.0.0.1:8080", "[::1]:8080"])
    #expect(
      configuration.listeners.map(\.address) == [
        .ipv4("0.0.0.0", port: 80), .ipv6("::", port: 0), .unix(path: "/run/portcullis.sock"),
      ])
    #expect(configuration.listeners.map(\.backlog) == [7, 1024, 1024])
    #expect(configuration.limits.connections == 1)
    #expect(configuration.limits.handshakes == 3)
    #expect(configuration.limits.streams == 4)
    #expect(configuration.limits.headSize == 65_536)
    #expect(configuration.limits.targetSize == 1000)
    #expect(configuration.limits.headerCount == 2)
    #expect(configuration.limits.bodySize == 0)
    #expect(configuration.limits.failedTokens == 0)
    #expect(configuration.timeouts.handshake == .seconds(7))
    #expect(configuration.timeouts.requestHead == .seconds(1))
    #expect(configuration.timeouts.requestBody == .seconds(2))
    #expect(configuration.timeouts.keepAlive == .seconds(180))
    #expect(configuration.timeouts.streamIdle == .seconds(14_400))
    #expect(configuration.timeouts.streamMax == .seconds(86_400))
    #expect(configuration.timeouts.drain == .milliseconds(6))
    #expect(configuration.admin?.address == .ipv4("127.0.0.1", port: 9090))
    #expect(configuration.log.level == .debug)
    #expect(!configuration.log.access)
    #expect(configuration.keyCacheDirectory == "/var/lib/portcullis/keys")
    #expect(configuration.workers == .auto)
  }

  static let breakages: [Breakage] = [
    Breakage(
      "public_url: https://mcp.example.com\n", "", "1:1: error: public_url: is missing"),
    Breakage(
      "https://mcp.example.com", "https://mcp.example.com/",
      "1:13: error: public_url: a path cannot be part of the public URL"),
    Breakage(
      "https://mcp.example.com", "https://mcp.example.com:443",
      "1:13: error: public_url: the default port must be left out, as clients do"),
    Breakage(
      "https://mcp.example.com", "http://mcp.example.com",
      "1:13: error: public_url: clients must not send tokens over plain http to \"mcp.example.com\""),
    Breakage(
      "https://mcp.example.com", "https://MCP.example.com",
      "1:13: error: public_url: scheme and host must be in lower case"),
    Breakage("https://mcp.example.com", "[a]", "1:13: error: public_url: expected a URL, found a list"),
    Breakage("https://mcp.example.com", "~", "1:13: error: public_url: expected a URL, found nothing"),
    Breakage(
      adding: "allowed_hosts: [Lb.internal]",
      "9:17: error: allowed_hosts[0]: \"Lb.internal\" has upper-case letters"),
    Breakage(
      adding: "allowed_hosts: lb.internal",
      "9:16: error: allowed_hosts: expected a list, found the value \"lb.internal\""),
    Breakage(adding: "listeners: []", "9:12: error: listeners: the list is empty"),
    Breakage(
      adding: "listeners:\n  - 127.0.0.1:8080",
      "10:5: error: listeners[0]: expected a mapping, found the value \"127.0.0.1:8080\""),
    Breakage(adding: "listeners:\n  - backlog: 5", "10:5: error: listeners[0].address: is missing"),
    Breakage(
      adding: "listeners:\n  - address: 127.0.0.1:80\n  - address: 127.0.0.1:80",
      "11:14: error: listeners[1].address: 127.0.0.1:80 is listened on twice"),
    Breakage(
      adding: "listeners:\n  - {address: 127.0.0.1:80, backlog: 0}",
      "10:38: error: listeners[0].backlog: expected a whole number from 1 to 65535, found \"0\""),
    Breakage(
      adding: "limits:\n  connections: many\n  head_size: 1023\n  target_size: 8kB",
      "10:16: error: limits.connections: expected a whole number from 1 to 1000000, found \"many\"",
      "11:14: error: limits.head_size: expected a size from 1KiB to 1MiB, found \"1023\"",
      "12:16: error: limits.target_size: expected a size from 64 to 1MiB, found \"8kB\""),
    Breakage(
      adding: "limits:\n  handshakes: 0\n  streams: 10001",
      "10:15: error: limits.handshakes: expected a whole number from 1 to 100000, found \"0\"",
      "11:12: error: limits.streams: expected a whole number from 1 to 10000, found \"10001\""),
    Breakage(
      adding: "limits: {failed_tokens: 1000001}\nkey_cache_directory: keys",
      "9:25: error: limits.failed_tokens: expected a whole number from 0 to 1000000, found \"1000001\"",
      "10:22: error: key_cache_directory: \"keys\" is not an absolute path"),
    Breakage(
      adding: "key_cache_directory: /var/lib/portcullis/",
      "9:22: error: key_cache_directory: \"/var/lib/portcullis/\" cannot be the path of a folder"),
    Breakage(
      adding: "timeouts: {handshake: 0s}",
      "9:23: error: timeouts.handshake: expected a duration from 1ms to 24h, found \"0s\""),
    Breakage(adding: "admin: {}", "9:8: error: admin.address: is missing"),
    Breakage(
      adding: "admin: 127.0.0.1:9090",
      "9:8: error: admin: expected a mapping, found the value \"127.0.0.1:9090\""),
    Breakage(
      adding: "admin: {address: localhost:9090, path: /metrics}",
      "9:18: error: admin.address: expected IPv4:port, [IPv6]:port or unix:/path, found \"localhost:9090\"",
      "9:34: error: admin.path: unknown key \"path\""),
    Breakage(
      adding: "admin: {address: 127.0.0.1:8080}",
      "9:18: error: admin.address: 127.0.0.1:8080 is where clients are listened for"),
    Breakage(
      adding: "limits:\n  header_count: 0\n  body_size: -1",
      "10:17: error: limits.header_count: expected a whole number from 1 to 10000, found \"0\"",
      "11:14: error: limits.body_size: expected a size from 0 to 1024GiB, found \"-1\""),
    Breakage(
      adding: "limits:\n  target_size: 64KiB",
      "10:16: error: limits.target_size: target_size 64KiB is larger than head_size 32KiB"),
    Breakage(
      adding: "limits:\n  head_size: 4KiB",
      "10:14: error: limits.head_size: target_size 8KiB is larger than head_size 4KiB"),
    Breakage(adding: "limits: 5", "9:9: error: limits: expected a mapping, found the value \"5\""),
    Breakage(adding: "limits:", "9:8: error: limits: expected a mapping, found nothing"),
    Breakage(
      adding: "timeouts:\n  request_head: 0s\n  drain: 25h\n  keep_alive: 10",
      "10:17: error: timeouts.request_head: expected a duration from 1ms to 24h, found \"0s\"",
      "11:10: error: timeouts.drain: expected a duration from 1ms to 24h, found \"25h\"",
      "12:15: error: timeouts.keep_alive: expected a duration from 1ms to 24h, found \"10\""),
    Breakage(
      adding: "log:\n  level: loud\n  access: yes",
      "10:10: error: log.level: expected debug or info or warning or error, found \"loud\"",
      "11:11: error: log.access: expected true or false, found \"yes\""),
    Breakage(
      adding: "log: {level: [info]}",
      "9:14: error: log.level: expected debug or info or warning or error, found a list"),
  ]

  @Test(arguments: breakages)
  func reportsFaults(breakage: Breakage) {
    let result = Fixture.load(breakage.text)
    #expect(Fixture.findings(result) == breakage.findings)
    #expect(result.configuration == nil)
  }

  @Test(arguments: ["127.0.0.1", "127.1.2.3", "localhost:8080", "mcp.localhost", "[::1]:80443"])
  func acceptsPlainHTTPOnLoopback(host: String) {
    let text = Fixture.minimal.replacing("https://mcp.example.com", with: "http://\(host)")
    #expect((Fixture.load(text).configuration != nil) == !host.hasSuffix("80443"))
  }

  @Test func chosenPortsMayRepeatWhenTheSystemChooses() {
    let text = Fixture.minimal + "listeners:\n  - address: 127.0.0.1:0\n  - address: 127.0.0.1:0\n"
    #expect(Fixture.load(text).diagnostics.isEmpty)
  }
}
