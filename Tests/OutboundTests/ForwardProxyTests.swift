import Outbound
import Testing

struct ForwardProxyTests {
  @Test(arguments: [("proxy.example", 3128, "proxy.example:3128"), ("::1", 80, "[::1]:80")])
  func asText(_ host: String, _ port: Int, _ text: String) {
    #expect(ForwardProxy(host: host, port: port).description == text)
  }
}
