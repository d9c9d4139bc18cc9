import Configuration
import Inbound
import Net
import Outbound
import Testing

@testable import Gateway

/// What the configuration says about TLS and listeners, in the terms of those who do it.
struct TLSSettingsTests {
  private func configuration(_ listener: String, _ upstream: String = "") throws -> GatewayConfiguration {
    try TestGateway.configuration(
      """
      public_url: https://mcp.example.com
      listeners:
        - {address: "127.0.0.1:0"\(listener)}
      routes:
        - path: /mcp
          upstream: {url: "https://tools.internal:8443/mcp"\(upstream)}
          authorization: none
      """)
  }

  private func server(_ listener: String) throws -> TLSServerSettings? {
    let listener = try configuration(listener).listeners[0]
    return listener.tls.map { TLSServerSettings($0, http2: listener.http2) }
  }

  private static let pair = "certificates: [{certificate: /a.pem, key: /a.key}]"

  @Test func listeners() throws {
    let pair = TLSServerSettings.Certificate(certificate: "/a.pem", key: "/a.key")
    #expect(try server("") == nil)
    #expect(try server(", tls: {\(Self.pair)}") == TLSServerSettings(certificates: [pair]))
    #expect(
      try server(", http2: false, tls: {\(Self.pair), min_version: \"1.3\", ticket_keys: /t}")
        == TLSServerSettings(
          minimumVersion: .v13, certificates: [pair], ticketKeys: "/t", applicationProtocols: [.http11]))
    #expect(
      try server(", tls: {\(Self.pair), client_ca: /c.pem}")
        == TLSServerSettings(certificates: [pair], clientCertificates: .required(ca: "/c.pem")))
    #expect(
      try server(", tls: {\(Self.pair), client_ca: /c.pem, client_certificate: optional}")
        == TLSServerSettings(certificates: [pair], clientCertificates: .optional(ca: "/c.pem")))
  }

  @Test func filesToWatch() throws {
    let settings = try server(
      ", tls: {certificates: [{certificate: /a.pem, key: /a.key, ocsp_response: /a.der}, "
        + "{certificate: /b.pem, key: /b.key}], ticket_keys: /t, client_ca: /c.pem}")
    #expect(settings?.files == ["/a.pem", "/a.key", "/a.der", "/b.pem", "/b.key", "/t", "/c.pem"])
  }

  @Test func listenerOptions() throws {
    let plain = ListenerOptions(try configuration("").listeners[0])
    #expect(plain.http2)
    #expect(plain.tls == nil)
    #expect(plain.proxyProtocol == nil)
    #expect(!plain.trustedProxies.contains(.ip("10.0.0.1", port: 1)))
    let full = ListenerOptions(
      try configuration(", http2: false, proxy_protocol: [10.0.0.0/8, unix], trusted_proxies: [192.0.2.1]")
        .listeners[0])
    #expect(!full.http2)
    #expect(full.proxyProtocol?.contains(.ip("10.9.9.9", port: 1)) == true)
    #expect(full.proxyProtocol?.contains(.unix(path: "")) == true)
    #expect(full.proxyProtocol?.contains(.ip("192.0.2.1", port: 1)) == false)
    #expect(full.trustedProxies.contains(.ip("192.0.2.1", port: 1)))
  }

  @Test(arguments: [
    ("", [ApplicationProtocol.http2, .http11]), (", http2: auto", [.http2, .http11]), (", http2: always", [.http2]),
    (", http2: never", [.http11]),
  ])
  func upstreams(_ upstream: String, _ protocols: [ApplicationProtocol]) throws {
    let tls = ", tls: {ca: /ca.pem, certificate: /me.pem, key: /me.key}"
    let configuration = try configuration("", upstream + tls).routes[0].upstream
    let settings = try TLSClientSettings(#require(configuration.tls), http2: configuration.http2)
    #expect(
      settings
        == TLSClientSettings(ca: "/ca.pem", certificate: "/me.pem", key: "/me.key", applicationProtocols: protocols))
  }
}
