package import Bytes
package import Pipeline

/// Shows the numbers to Prometheus. For the admin listener: they are nobody else's business.
package final class MetricsPage: Stage {
  package let label: StaticString = "metrics"
  private let render: (ByteBuffer) -> Void

  /// - Parameter render: appends the numbers in the text format of Prometheus.
  package init(_ render: @escaping (ByteBuffer) -> Void) { self.render = render }

  package func handle(_ exchange: Exchange) -> Verdict {
    AdminReply.read(exchange, contentType: "text/plain; version=0.0.4; charset=utf-8") {
      let buffer = ByteBuffer()
      render(buffer)
      return [UInt8](buffer.view)
    }
  }
}
