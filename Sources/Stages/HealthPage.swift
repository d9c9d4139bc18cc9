package import Pipeline

/// Says that the loop turns. For the admin listener.
package final class HealthPage: Stage {
  package let label: StaticString = "health"

  package init() {}

  package func handle(_ exchange: Exchange) -> Verdict {
    AdminReply.read(exchange, contentType: "text/plain; charset=utf-8") { [UInt8]("ok\n".utf8) }
  }
}
