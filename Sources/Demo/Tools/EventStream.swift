internal import JSON
internal import MCP
internal import Web

/// Replies that are streams of server-sent events.
enum EventStream {
  private static let fields = [
    ("content-type", "text/event-stream"), ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
  ]

  /// A stream for messages of the server's own accord, of which this server has none.
  static func quiet() -> LocalReply {
    let greeting = LocalReply.TimedEvent(delayMilliseconds: 0, bytes: Array(": open\n\n".utf8))
    return LocalReply(status: 200, fields: fields, content: .events([greeting], holdOpen: true))
  }

  /// Progress step by step, for a client that has given a token, and `response` at the end.
  static func countdown(
    _ count: Int, intervalMilliseconds: Int, progressToken: JSONRPCID?, response: JSONValue
  ) -> LocalReply {
    var events = [LocalReply.TimedEvent(delayMilliseconds: 0, bytes: Array(": counting\n\n".utf8))]
    for step in 1...count {
      guard let progressToken else { break }
      let progress = JSONRPCMessage.notification(
        "notifications/progress",
        [
          "progressToken": progressToken.value, "progress": .integer(Int64(step)),
          "total": .integer(Int64(count)),
          "message": "\(count - step) to go",
        ])
      events.append(event(progress, after: intervalMilliseconds))
    }
    events.append(event(response, after: progressToken == nil ? count * intervalMilliseconds : 0))
    return LocalReply(status: 200, fields: fields, content: .events(events, holdOpen: false))
  }

  private static func event(_ message: JSONValue, after delay: Int) -> LocalReply.TimedEvent {
    LocalReply.TimedEvent(
      delayMilliseconds: delay,
      bytes: Array("event: message\ndata: ".utf8) + message.serialized() + Array("\n\n".utf8))
  }
}
