import HTTP
import Pipeline

/// What the pages of the admin listener have in common: they are read, and never kept.
enum AdminReply {
  static func read(_ exchange: Exchange, status: Int = 200, contentType: String, _ body: () -> [UInt8]) -> Verdict {
    switch exchange.request.method {
    case .get, .head:
      .respond(Reply(status, [("Content-Type", contentType), ("Cache-Control", "no-store")], body: body()))
    default:
      .respond(
        .json(
          405, [("Allow", "GET, HEAD")],
          [UInt8]("{\"error\":\"method_not_allowed\",\"error_description\":\"This page can only be read.\"}\n".utf8)))
    }
  }
}
