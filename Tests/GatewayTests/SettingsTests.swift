import Bytes
import Configuration
import Inbound
import JOSE
import Net
import Outbound
import Telemetry
import Testing
import Wire

@testable import Gateway

/// Each value of a configuration arrives where it is used, in the unit of that place.
struct SettingsTests {
  private func configuration(_ more: String = "", route: String = Sample.route("/mcp")) throws -> GatewayConfiguration {
    try TestGateway.configuration(Sample.gateway("https://mcp.example.com", route) + more)
  }

  // MARK: Clients

  @Test func limitsAndTimeouts() throws {
    let settings = InboundSettings(
      try configuration(
        """
        limits: {connections: 7, head_size: 4KiB, target_size: 1KiB, header_count: 9}
        timeouts: {request_head: 1s, request_body: 2500ms, keep_alive: 3s, stream_idle: 4m, stream_max: 5h}

        """), descriptors: 1_000_000)
    #expect(settings.limits.headSize == 4096)
    #expect(settings.limits.targetSize == 1024)
    #expect(settings.limits.fieldCount == 9)
    #expect(settings.maxConnections == 7)
    #expect(settings.requestHead == 1_000)
    #expect(settings.requestBody == 2_500)
    #expect(settings.keepAlive == 3_000)
    #expect(settings.streamIdle == 240_000)
    #expect(settings.streamMax == 18_000_000)
  }

  /// Every connection may need a second descriptor towards a backend, and some are for everything else.
  @Test(arguments: [
    (1_000_000, 10_000), (20_032, 10_000), (20_031, 9_999), (1_024, 496), (34, 1), (32, 1), (0, 1),
  ])
  func connectionsThatDescriptorsAllow(_ descriptors: Int, _ connections: Int) throws {
    #expect(InboundSettings(try configuration(), descriptors: descriptors).maxConnections == connections)
  }

  @Test(arguments: [
    ("127.0.0.1:8080", SocketAddress.ip("127.0.0.1", port: 8080)), ("[::1]:0", .ip("::1", port: 0)),
    ("unix:/run/gateway.sock", .unix(path: "/run/gateway.sock")),
  ])
  func listeners(_ text: String, _ address: SocketAddress) throws {
    let configuration = try TestGateway.configuration(
      "listeners: [{address: \"\(text)\"}]\n" + Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    #expect(configuration.listeners.map { SocketAddress($0.address) } == [address])
  }

  // MARK: Backends

  private func endpoint(_ members: String) throws -> UpstreamEndpoint {
    let route = "  - path: /mcp\n    upstream: {\(members)}\n    authorization: none\n"
    return UpstreamEndpoint(try #require(try configuration(route: route).routes.first).upstream)
  }

  @Test func upstream() throws {
    let endpoint = try endpoint(
      """
      url: "http://tools.internal:8000/mcp", max_connections: 3, max_waiting: 5, idle_timeout: 1500ms,
            connect_timeout: 7s, response_timeout: 2m
      """)
    #expect(endpoint.maxConnections == 3)
    #expect(endpoint.maxWaiting == 5)
    #expect(endpoint.idleTimeout == 1_500)
    #expect(endpoint.connectTimeout == 7_000)
    #expect(endpoint.responseTimeout == 120_000)
  }

  @Test(arguments: [
    ("url: \"http://tools.internal:8000/mcp\"", "tools.internal 8000"),
    ("url: \"http://tools.internal\"", "tools.internal 80"),
    ("url: \"http://[::1]:8000\"", "::1 8000"),
    ("url: \"http://tools.internal:8000/mcp\", socket: /run/tools.sock", "/run/tools.sock"),
  ])
  func upstreamAddress(_ members: String, _ expected: String) throws {
    let found =
      switch try endpoint(members).address {
      case .host(let host, let port): "\(host) \(port)"
      case .socket(let path): path
      }
    #expect(found == expected)
  }

  // MARK: Tokens

  private func policy(_ members: String) throws -> TokenPolicy {
    let route = Sample.route(
      "/mcp",
      "authorization: {discovery_url: \"http://127.0.0.1:9/.well-known/openid-configuration\", \(members)}")
    guard case .token(let providers)? = try configuration(route: route).routes.first?.authorization else {
      throw TestLoop.NothingHappened()
    }
    return TokenPolicy(try #require(providers.first))
  }

  @Test func tokenPolicy() throws {
    let policy = try policy(
      """
      issuer: "https://idp.example/tenant", allowed_audience: [a1, a2], allowed_clients: [c1, c2],
            allowed_scopes: [s1, s2], advertised_scope_mapping: {s1: other}, clock_skew: 90s
      """)
    #expect(
      policy
        == TokenPolicy(
          issuer: "https://idp.example/tenant", audiences: ["a1", "a2"], clients: ["c1", "c2"], scopes: ["s1", "s2"],
          clockSkew: 90))
  }

  @Test func tokenPolicyByDefault() throws {
    #expect(try policy("allowed_clients: [c]") == TokenPolicy(issuer: "http://127.0.0.1:9", clients: ["c"]))
    #expect(try policy("allowed_clients: [c], clock_skew: 0s").clockSkew == 0)
  }

  @Test(arguments: [
    ("STRING", "EQUALS", "match_value_string: x", JOSE.ClaimRule.Match.equals("x")),
    ("STRING_ARRAY", "CONTAINS", "match_value_string: x", .contains("x")),
    ("STRING_ARRAY", "CONTAINS_ANY", "match_value_string_list: [x, y]", .containsAny(["x", "y"])),
  ])
  func customClaims(_ type: String, _ word: String, _ value: String, _ match: JOSE.ClaimRule.Match) throws {
    let policy = try policy(
      "custom_claims: [{inbound_token_claim_name: dept, inbound_token_claim_value_type: \(type), "
        + "authorizing_claim_match_value: {claim_match_operator: \(word), claim_match_value: {\(value)}}}]")
    #expect(policy.customClaims == [JOSE.ClaimRule.claim("dept", match)])
    #expect(policy.audiences.isEmpty)
  }

  // MARK: The log

  @Test(arguments: [
    ("debug", ["debug", "info", "warning", "error"]), ("info", ["info", "warning", "error"]),
    ("warning", ["warning", "error"]), ("error", ["error"]),
  ])
  func logLevel(_ level: String, _ written: [String]) throws {
    var lines: [String] = []
    let log = Log(try configuration("log: {level: \(level)}\n").log) { lines.append($0.text) }
    log.event(.debug, "debug_event")
    log.event(.info, "info_event")
    log.event(.warning, "warning_event")
    log.event(.error, "error_event")
    #expect(lines.count == written.count)
    #expect(zip(lines, written).allSatisfy { $0.contains("\"level\":\"\($1)\",\"event\":\"\($1)_event\"") })
  }

  @Test func logOfRequests() throws {
    #expect(Log(try configuration().log) { _ in }.logsRequests)
    #expect(!Log(try configuration("log: {access: false}\n").log) { _ in }.logsRequests)
  }
}
