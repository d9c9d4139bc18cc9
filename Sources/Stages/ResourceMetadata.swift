import HTTP
package import Pipeline

/// Answers for the protected resource metadata of one route (RFC 9728 §3): public, for any page, built once.
package final class ResourceMetadata: Stage {
  package let label: StaticString = "resource_metadata"
  private let document: Reply

  /// - Parameter document: the JSON text.
  package init(document: [UInt8]) {
    self.document = .json(
      200,
      [("Cache-Control", "max-age=300"), ("Access-Control-Allow-Origin", "*")], document)
  }

  private let preflight = Reply(
    204,
    [
      ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
      ("Access-Control-Allow-Headers", "content-type, authorization, mcp-protocol-version"),
      ("Access-Control-Max-Age", "600"), ("Allow", "GET, HEAD, OPTIONS"),
    ])

  private let notAllowed = Reply.json(
    405, [("Allow", "GET, HEAD, OPTIONS"), ("Access-Control-Allow-Origin", "*")],
    [UInt8](
      "{\"error\":\"method_not_allowed\",\"error_description\":\"This document can only be read.\"}\n".utf8))

  package func handle(_ exchange: Exchange) -> Verdict {
    switch exchange.request.method {
    case .get, .head: .respond(document)
    case .options: .respond(preflight)
    default: .respond(notAllowed)
    }
  }
}
