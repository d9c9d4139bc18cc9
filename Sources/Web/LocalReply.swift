package import JSON

/// What a local service answers.
package struct LocalReply: Sendable {
  package enum Content: Sendable {
    /// The complete body. The answer to HEAD carries it too: whoever puts it on the wire leaves it out.
    case bytes([UInt8])
    /// A stream of server-sent events. With `holdOpen` it stays open after the last one until the client
    /// leaves.
    case events([TimedEvent], holdOpen: Bool)
  }

  /// One complete event, or a comment, of an event stream.
  package struct TimedEvent: Equatable, Sendable {
    /// How long after the previous event, or after the head, this one is due.
    package let delayMilliseconds: Int
    package let bytes: [UInt8]

    package init(delayMilliseconds: Int, bytes: [UInt8]) {
      self.delayMilliseconds = delayMilliseconds
      self.bytes = bytes
    }
  }

  package let status: Int
  /// Names in lower case; neither `content-length` nor anything else about the framing.
  package let fields: [(name: String, value: String)]
  package let content: Content
  /// For the log: why the request was refused, and what else there is to know. Nothing secret.
  package var reason: StaticString?
  package var detail: String?

  package init(status: Int, fields: [(name: String, value: String)] = [], content: Content = .bytes([])) {
    self.status = status
    self.fields = fields
    self.content = content
  }

  package static func json(
    _ value: JSONValue, status: Int = 200, fields: [(name: String, value: String)] = []
  ) -> LocalReply {
    LocalReply(
      status: status, fields: [("content-type", "application/json")] + fields,
      content: .bytes(value.serialized()))
  }

  /// 405 with the methods that would do (RFC 9110 §15.5.6).
  package static func methodNotAllowed(_ allowed: String) -> LocalReply {
    .json(["error": "method_not_allowed"], status: 405, fields: [("allow", allowed)])
  }

  package func adding(_ more: [(name: String, value: String)]) -> LocalReply {
    var reply = LocalReply(status: status, fields: fields + more, content: content)
    reply.reason = reason
    reply.detail = detail
    return reply
  }
}
