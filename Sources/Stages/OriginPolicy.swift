import Bytes
package import HTTP
package import Pipeline

/// Decides which browser pages may call the route, before anything else looks at the request (GW-70, GW-74).
///
/// A request without Origin comes from no page and passes.
package final class OriginPolicy: Stage, AmendingStep {
  package let label: StaticString = "origin"
  private let allowed: [[UInt8]]

  /// What pages may send and read beyond what CORS always allows.
  private static let requestFields =
    "authorization, content-type, accept, last-event-id, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name"
  private static let exposedFields: StaticString = "WWW-Authenticate, Mcp-Session-Id"

  /// - Parameter origins: serialized origins, for example `https://app.example.com`.
  package init(allowed origins: [String]) { allowed = origins.map { [UInt8]($0.utf8) } }

  package func handle(_ exchange: Exchange) -> Verdict {
    let fields = exchange.request.fields
    guard let index = fields.firstIndex(of: .origin) else { return .proceed }
    let value = fields.value(index)
    guard fields.occurrences(of: .origin) == 1,
      let origin = allowed.first(where: { $0.withUnsafeBytes { $0.equals(value) } })
    else { return .reject(.originNotAllowed) }
    exchange.allowedOrigin = origin
    let isPreflight =
      exchange.request.method == .options && fields.firstIndex(of: .accessControlRequestMethod) != nil
    return isPreflight ? .respond(preflight) : .proceed
  }

  private let preflight = Reply(
    204,
    [
      ("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"),
      ("Access-Control-Allow-Headers", requestFields),
      ("Access-Control-Max-Age", "600"),
    ])

  package func amend(_ head: ResponseHead, _ exchange: Exchange) {
    guard let origin = exchange.allowedOrigin else { return }
    // The gateway decides on origins; what a backend says of them was decided for another host.
    head.fields.removeAll(.accessControlAllowOrigin)
    head.fields.removeAll(.accessControlExposeHeaders)
    head.fields.removeAll(.accessControlAllowCredentials)
    origin.withUnsafeBytes { head.fields.append("Access-Control-Allow-Origin", $0) }
    head.fields.append("Access-Control-Expose-Headers", Self.exposedFields)
    head.fields.append("Vary", "Origin")
  }
}
