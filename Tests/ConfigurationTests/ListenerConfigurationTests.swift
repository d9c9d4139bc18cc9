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

  @Test func fillsInEveryDefault() throws {
    let text = Fixture.minimal + "listeners:\n  - address: 127.0.0.1:80\n"
    let listener = try #require(Fixture.load(text).configuration?.listeners.first)
    #expect(listener.http2)
    #expect(listener.tls == nil)
    #expect(listener.proxyProtocol.isEmpty)
    #expect(listener.trustedProxies.isEmpty)
  }

  @Test func readsEveryValue() throws {
    let result = Fixture.load(
      Fixture.minimal + """
        listeners:
          - address: 127.0.0.1:443
            http2: false
            tls:
              min_version: "1.3"
              certificates:
                - {certificate: /tls/a.pem, key: /tls/a.key, ocsp_response: /tls/a.der}
                - {certificate: /tls/b.pem, key: /tls/b.pem}
              ticket_keys: /tls/ticket.keys
              client_ca: /tls/clients.pem
              client_certificate: optional
            proxy_protocol: [10.0.0.0/8, 192.0.2.7]
            trusted_proxies: ["fd00::/8", "FD00::1"]
          - address: unix:/run/portcullis.sock
            tls: {certificates: [{certificate: /tls/a.pem, key: /tls/a.key}], client_ca: /tls/clients.pem}
            proxy_protocol: [unix]
            trusted_proxies: [10.0.0.0/8]

        """)
    #expect(Fixture.findings(result) == [])
    let listeners = try #require(result.configuration?.listeners)
    #expect(!listeners[0].http2)
    #expect(listeners[0].proxyProtocol == ["10.0.0.0/8", "192.0.2.7"])
    #expect(listeners[0].trustedProxies == ["fd00::/8", "FD00::1"])
    let tls = try #require(listeners[0].tls)
    #expect(tls.minimumVersion == .v13)
    #expect(tls.certificates.map(\.certificate) == ["/tls/a.pem", "/tls/b.pem"])
    #expect(tls.certificates.map(\.key) == ["/tls/a.key", "/tls/b.pem"])
    #expect(tls.certificates.map(\.ocspResponse) == ["/tls/a.der", nil])
    #expect(tls.ticketKeys == "/tls/ticket.keys")
    #expect(tls.clientCertificates == .optional(ca: "/tls/clients.pem"))
    #expect(listeners[1].tls?.minimumVersion == .v12)
    #expect(listeners[1].tls?.ticketKeys == nil)
    #expect(listeners[1].tls?.clientCertificates == .required(ca: "/tls/clients.pem"))
    #expect(listeners[1].proxyProtocol == ["unix"])
  }

  private static let pair = "certificates: [{certificate: /c.pem, key: /k.pem}]"

  @Test(arguments: ["1.2", "\"1.2\"", "'1.2'", "1.3", "\"1.3\""])
  func versionsMayStandWithoutQuotes(written: String) throws {
    let text = Fixture.minimal + "listeners:\n  - {address: 127.0.0.1:80, tls: {min_version: \(written), \(Self.pair)}}"
    let version = try #require(Fixture.load(text).configuration?.listeners.first?.tls?.minimumVersion)
    #expect(written.contains(version.rawValue))
  }

  /// `tls` in flow style starts at column 35 of line 10.
  private static func tls(_ content: String, _ findings: String...) -> Breakage {
    Breakage("", "listeners:\n  - {address: 127.0.0.1:80, tls: {\(content)}}", all: findings)
  }

  private static func peers(_ address: String, _ content: String, _ findings: String...) -> Breakage {
    Breakage("", "listeners:\n  - address: \(address)\n    \(content)", all: findings)
  }

  private static let at = "error: listeners[0].tls"

  static let breakages: [Breakage] = [
    tls("", "10:34: \(at).certificates: is missing"),
    tls("certificates: []", "10:49: \(at).certificates: the list is empty"),
    tls("certificates: /c.pem", "10:49: \(at).certificates: expected a list, found the value \"/c.pem\""),
    tls(
      "certificates: [{}]", "10:50: \(at).certificates[0].certificate: is missing",
      "10:50: \(at).certificates[0].key: is missing"),
    tls("certificates: [{certificate: /c.pem}]", "10:50: \(at).certificates[0].key: is missing"),
    tls("certificates: [{key: /k.pem}]", "10:50: \(at).certificates[0].certificate: is missing"),
    tls(
      "certificates: [{certificate: c.pem, key: /k/}]",
      "10:64: \(at).certificates[0].certificate: \"c.pem\" is not an absolute path",
      "10:76: \(at).certificates[0].key: \"/k/\" cannot be the path of a file"),
    tls(
      "certificates: [{certificate: /c, key: /k, ocsp_response: [a], chain: /x}]",
      "10:92: \(at).certificates[0].ocsp_response: expected the absolute path of a file, found a list",
      "10:97: \(at).certificates[0].chain: unknown key \"chain\""),
    tls("min_version: 1.1, \(pair)", "10:48: \(at).min_version: TLS 1.1 must not be used (RFC 8996)"),
    tls("min_version: \"1.0\", \(pair)", "10:48: \(at).min_version: TLS 1.0 must not be used (RFC 8996)"),
    tls(
      "min_version: TLSv1.2, \(pair)",
      "10:48: \(at).min_version: expected \"1.2\" or \"1.3\", found \"TLSv1.2\""),
    tls(
      "min_version: 1.30, \(pair)",
      "10:48: \(at).min_version: expected \"1.2\" or \"1.3\", found \"1.30\""),
    tls("\(pair), ticket_keys: keys", "10:100: \(at).ticket_keys: \"keys\" is not an absolute path"),
    tls("\(pair), client_ca: ''", "10:98: \(at).client_ca: \"\" is not an absolute path"),
    tls(
      "\(pair), client_certificate: optional",
      "10:107: \(at).client_certificate: without client_ca, no certificate of a client could be verified"),
    tls(
      "\(pair), client_ca: /a.pem, client_certificate: maybe",
      "10:126: \(at).client_certificate: expected required or optional, found \"maybe\""),
    peers(
      "127.0.0.1:80", "http2: maybe",
      "11:12: error: listeners[0].http2: expected true or false, found \"maybe\""),
    peers("127.0.0.1:80", "tls:", "11:9: error: listeners[0].tls: expected a mapping, found nothing"),
    peers(
      "127.0.0.1:80", "tls: true",
      "11:10: error: listeners[0].tls: expected a mapping, found the value \"true\""),
    peers(
      "127.0.0.1:80", "proxy_protocol: true",
      "11:21: error: listeners[0].proxy_protocol: expected a list, found the value \"true\""),
    peers(
      "127.0.0.1:80", "trusted_proxies: [lb.internal, 10.0.0.0/33]",
      "11:23: error: listeners[0].trusted_proxies[0]: expected an address, a range of addresses or unix, "
        + "found \"lb.internal\"",
      "11:36: error: listeners[0].trusted_proxies[1]: \"10.0.0.0/33\" does not end in the length of a prefix"),
    peers(
      "unix:/run/a.sock", "proxy_protocol: [10.0.0.0/8]",
      "11:21: error: listeners[0].proxy_protocol: whoever connects to a UNIX-domain socket has no address, so "
        + "nobody is in this list"),
  ]

  @Test(arguments: breakages)
  func reportsFaults(breakage: Breakage) {
    let result = Fixture.load(breakage.text)
    #expect(Fixture.findings(result) == breakage.findings)
    #expect(result.configuration == nil)
  }

  @Test(arguments: [
    peers(
      "unix:/run/a.sock", "trusted_proxies: [10.0.0.0/8]",
      "11:22: warning: listeners[0].trusted_proxies: whoever connects to a UNIX-domain socket has no address, so "
        + "nobody is in this list"),
    peers(
      "127.0.0.1:80", "trusted_proxies: [10.0.0.0/8, unix]",
      "11:35: warning: listeners[0].trusted_proxies[1]: nobody reaches 127.0.0.1:80 through a UNIX-domain socket"),
    peers(
      "127.0.0.1:80", "proxy_protocol: [unix]",
      "11:22: warning: listeners[0].proxy_protocol[0]: nobody reaches 127.0.0.1:80 through a UNIX-domain socket"),
    peers(
      "127.0.0.1:80", "trusted_proxies: [0.0.0.0/0, '::/0']",
      "11:23: warning: listeners[0].trusted_proxies[0]: 0.0.0.0/0 is everybody: any client could claim to be "
        + "somebody else",
      "11:34: warning: listeners[0].trusted_proxies[1]: ::/0 is everybody: any client could claim to be "
        + "somebody else"),
    peers("unix:/run/a.sock", "trusted_proxies: [unix]"),
    peers("unix:/run/a.sock", "proxy_protocol: [unix]\n    trusted_proxies: [10.0.0.0/8]"),
  ])
  func warnsOfListsThatHoldNobodyOrEverybody(breakage: Breakage) {
    let result = Fixture.load(breakage.text)
    #expect(Fixture.findings(result) == breakage.findings)
    #expect(result.configuration != nil)
  }

  /// Of a gateway whose public URL is http, which loopback hosts may have.
  @Test(arguments: [
    ("listeners: [{address: 127.0.0.1:80, tls: {\(pair)}}]", true),
    ("listeners: [{address: 127.0.0.1:80, tls: {\(pair)}}, {address: 127.0.0.1:81}]", false),
    ("listeners: [{address: 127.0.0.1:81}]", false),
  ])
  func warnsOfPlainURLsThatNoListenerServes(listeners: String, warns: Bool) {
    let warning = "warning: public_url: clients are told to use http, but every listener speaks TLS"
    let plain = Fixture.minimal.replacing("https://mcp.example.com", with: "http://localhost:8080") + listeners
    #expect(Fixture.findings(plain) == (warns ? ["1:13: \(warning)"] : []))
    let route = Fixture.minimal + "    public_url: http://localhost:8080\n" + listeners
    #expect(
      Fixture.findings(route) == (warns ? ["9:17: \(warning.replacing("public", with: "routes[0].public"))"] : []))
    #expect(Fixture.findings(Fixture.minimal + listeners) == [])
  }
}
