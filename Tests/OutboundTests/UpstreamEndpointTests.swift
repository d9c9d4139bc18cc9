import Net
import Testing

@testable import Outbound

struct UpstreamEndpointTests {
  private let proxy = ForwardProxy(host: "proxy.example", port: 3128)

  private func location(_ host: String, isSecure: Bool = false) -> Fetch.Location {
    Fetch.Location(host: host, port: 8080, target: "/", authority: host, isSecure: isSecure)
  }

  /// What a proxy calls loopback is not this machine, and clear http is meant for this machine only.
  @Test(arguments: [
    ("idp.example", true), ("10.0.0.1", true), ("127.example", true), ("127.0.0.1.example", true),
    ("localhost.example", true), ("2001:db8::1", true), ("localhost", false), ("127.0.0.1", false),
    ("127.1.2.3", false),
    ("::1", false),
  ])
  func whomAProxyIsAskedFor(_ host: String, _ isProxied: Bool) throws {
    let endpoint = try #require(UpstreamEndpoint(location(host), tls: nil, proxy: proxy))
    #expect(endpoint.proxy == (isProxied ? proxy : nil))
    guard case .host(let peer, let port) = endpoint.peer else {
      Issue.record("it has no host")
      return
    }
    #expect(peer == (isProxied ? "proxy.example" : host))
    #expect(port == (isProxied ? 3128 : 8080))
    // The origin is the same either way.
    #expect(endpoint.authority == (host.contains(":") ? "[\(host)]:8080" : "\(host):8080"))
  }

  @Test func https() throws {
    let untrusted = UpstreamEndpoint(location("idp.example", isSecure: true), tls: nil, proxy: nil)
    if untrusted != nil { Issue.record("it cannot be secured") }
    let context = try TLSClientContext(TLSClientSettings())
    let endpoint = try #require(UpstreamEndpoint(location("idp.example", isSecure: true), tls: context, proxy: nil))
    #expect(endpoint.tls?.name == "idp.example")
    #expect(endpoint.proxy == nil)
  }
}
