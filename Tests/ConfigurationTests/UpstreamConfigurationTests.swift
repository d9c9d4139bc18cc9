import Configuration
import Testing

/// HTTP/2 and TLS towards a backend; the other keys are tested with the route.
struct UpstreamConfigurationTests {
  private static let url = "http://127.0.0.1:8000/mcp"

  private func upstream(_ text: String) throws -> UpstreamConfiguration {
    let result = Fixture.load(text)
    #expect(Fixture.findings(result) == [])
    return try #require(result.configuration?.routes.first?.upstream)
  }

  @Test func speaksHTTP1InTheClearUnlessToldOtherwise() throws {
    let upstream = try upstream(Fixture.minimal)
    #expect(upstream.http2 == .auto)
    #expect(upstream.tls == nil)
  }

  @Test(arguments: [("auto", HTTP2Use.auto), ("always", .always), ("never", .never)])
  func readsTheUseOfHTTP2(word: String, use: HTTP2Use) throws {
    for url in [Self.url, "https://127.0.0.1:8000/mcp"] {
      let text = Fixture.minimal.replacing(Self.url, with: "\(url)\n      http2: \(word)")
      #expect(try upstream(text).http2 == use)
    }
  }

  @Test(arguments: [("https://tools.internal", "tools.internal", 443), ("https://[::1]:8443/mcp", "::1", 8443)])
  func checksTheHostOfTheURLByDefault(url: String, name: String, port: Int) throws {
    let upstream = try upstream(Fixture.minimal.replacing(Self.url, with: url))
    #expect(upstream.url.port == port)
    let tls = try #require(upstream.tls)
    #expect(tls.serverName == name)
    #expect([tls.ca, tls.certificate, tls.key] == [nil, nil, nil])
  }

  @Test(arguments: ["backend.example", "192.0.2.7", "2001:db8::1"])
  func readsEveryValue(name: String) throws {
    let tls = try #require(
      try upstream(
        Fixture.minimal.replacing(
          Self.url,
          with: """
            https://tools.internal
                  tls:
                    ca: /tls/ca.pem
                    server_name: "\(name)"
                    certificate: /tls/client.pem
                    key: /tls/client.pem
            """)
      ).tls)
    #expect(tls.ca == "/tls/ca.pem")
    #expect(tls.serverName == name)
    #expect(tls.certificate == "/tls/client.pem")
    #expect(tls.key == "/tls/client.pem")
  }

  /// `content` in flow style starts at column 13 of line 6.
  private static func tls(_ content: String, _ findings: String...) -> Breakage {
    Breakage(url, "https://tools.internal\n      tls: {\(content)}", all: findings)
  }

  private static let at = "error: routes[0].upstream"

  static let breakages: [Breakage] = [
    Breakage(
      url, "\(url)\n      http2: true",
      "6:14: \(at).http2: expected auto or always or never, found \"true\""),
    Breakage(
      url, "\(url)\n      tls: {ca: /ca.pem}", "6:12: \(at).tls: the url is http, so nothing here would be used"),
    Breakage(
      url, "https://tools.internal\n      tls: true",
      "6:12: \(at).tls: expected a mapping, found the value \"true\""),
    tls("certificate: /c.pem", "6:12: \(at).tls.key: is missing"),
    tls("key: /k.pem", "6:12: \(at).tls.certificate: is missing"),
    tls("ca: ca.pem", "6:17: \(at).tls.ca: \"ca.pem\" is not an absolute path"),
    tls("server_name: Tools.internal", "6:26: \(at).tls.server_name: \"Tools.internal\" has upper-case letters"),
    tls("server_name: tools.internal:443", "6:26: \(at).tls.server_name: \"tools.internal:443\" is more than a name"),
    tls("server_name: '[::1]'", "6:26: \(at).tls.server_name: \"[::1]\" is more than a name"),
    tls("server_name: '*.internal'", "6:26: \(at).tls.server_name: \"*.internal\" is not a host name"),
    tls("verify: false", "6:13: \(at).tls.verify: unknown key \"verify\""),
  ]

  @Test(arguments: breakages)
  func reportsFaults(breakage: Breakage) {
    let result = Fixture.load(breakage.text)
    #expect(Fixture.findings(result) == breakage.findings)
    #expect(result.configuration == nil)
  }
}
