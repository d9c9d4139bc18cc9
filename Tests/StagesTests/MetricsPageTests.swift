import Pipeline
import Stages
import Telemetry
import Testing

struct MetricsPageTests {
  @Test(arguments: ["GET", "HEAD"])
  func showsTheNumbersOfNow(_ method: String) throws {
    let metrics = Metrics()
    let page = MetricsPage(metrics.render)
    for expected in 1...2 {
      metrics.count(.connectionsAccepted(.tls))
      let verdict = page.handle(.request(method, "/metrics"))
      #expect(verdict.words == "respond 200")
      let reply = try #require(verdict.reply)
      #expect(reply.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
      #expect(reply.field("Cache-Control") == "no-store")
      let lines = String(decoding: reply.body, as: UTF8.self).split(separator: "\n")
      #expect(lines.contains("portcullis_connections_accepted_total{listener=\"tls\"} \(expected)"))
    }
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PURGE"])
  func canOnlyBeRead(_ method: String) {
    let verdict = MetricsPage(Metrics().render).handle(.request(method, "/metrics"))
    #expect(verdict.words == "respond 405")
    #expect(verdict.reply?.field("Allow") == "GET, HEAD")
  }
}
