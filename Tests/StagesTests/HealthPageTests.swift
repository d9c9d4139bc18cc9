import HTTP
import Pipeline
import Stages
import Telemetry
import Testing

struct HealthPageTests {
  @Test func isWell() throws {
    let verdict = HealthPage().handle(.request("GET", "/healthz"))
    #expect(verdict.words == "respond 200")
    let reply = try #require(verdict.reply)
    #expect(reply.body == Array("ok\n".utf8))
    #expect(reply.field("Content-Type") == "text/plain; charset=utf-8")
    #expect(reply.field("Cache-Control") == "no-store")
  }

  @Test func canOnlyBeRead() {
    let verdict = HealthPage().handle(.request("POST", "/healthz"))
    #expect(verdict.words == "respond 405")
    #expect(verdict.reply?.field("Allow") == "GET, HEAD")
  }

  /// As the admin listener mounts both pages: nothing else is there.
  @Test(arguments: [
    ("GET", "/healthz", 200), ("HEAD", "/healthz", 200), ("GET", "/metrics", 200), ("POST", "/metrics", 405),
    ("GET", "/", nil), ("GET", "/healthz/x", nil), ("GET", "/metrics/", nil),
  ])
  func behindARouter(_ method: String, _ path: String, _ status: Int?) {
    let router = Router([
      Route(
        name: "metrics", authority: nil, path: "/metrics", isPrefix: false,
        RequestPath(local: [MetricsPage(Metrics().render)])),
      Route(name: "health", authority: nil, path: "/healthz", isPrefix: false, RequestPath(local: [HealthPage()])),
    ])
    let exchange = Exchange()
    exchange.request.set(method, path, authority: "127.0.0.1:9090")
    let responder = FakeResponder()
    exchange.begin(responder, bodyLength: .none, clientAddress: Array("127.0.0.1".utf8), startedAt: 1)
    guard let route = router.route(for: exchange.request) else {
      #expect(status == nil)
      return
    }
    exchange.run(route)
    #expect(exchange.record.status == status)
    let wrote = responder.sink.events.contains { $0.hasPrefix("write") }
    #expect(wrote == (method != "HEAD"))
    #expect(responder.sink.events.last == "finish")
  }
}
