import Bytes
package import Pipeline
package import Telemetry

/// Shows the process's numbers to Prometheus. For the admin listener: they are nobody else's business.
package final class MetricsPage: Stage {
  package let label: StaticString = "metrics"
  private let metrics: Metrics

  package init(_ metrics: Metrics) { self.metrics = metrics }

  package func handle(_ exchange: Exchange) -> Verdict {
    AdminReply.read(exchange, contentType: "text/plain; version=0.0.4; charset=utf-8") {
      let buffer = ByteBuffer()
      metrics.render(to: buffer)
      return [UInt8](buffer.view)
    }
  }
}
