package import Pipeline

/// Says that requests are served: the loop turns, and, with workers, one of them does. For the admin listener.
package final class HealthPage: Stage {
  package let label: StaticString = "health"

  private let fault: () -> String?

  /// - Parameter fault: why nothing is served just now.
  package init(_ fault: @escaping () -> String? = { nil }) { self.fault = fault }

  package func handle(_ exchange: Exchange) -> Verdict {
    let fault = fault()
    return AdminReply.read(
      exchange, status: fault == nil ? 200 : 503, contentType: "text/plain; charset=utf-8"
    ) { [UInt8]("\(fault ?? "ok")\n".utf8) }
  }
}
