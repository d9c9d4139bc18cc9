internal import JSON

/// What a tool call comes to.
enum ToolOutcome {
  /// The result is there at once.
  case done(ToolResult)
  /// The result takes `count` steps of so many milliseconds, each of which is worth a progress notification.
  case counting(count: Int, intervalMilliseconds: Int, ToolResult)
}

/// The result of a tool: text for people, the same as data, and whether it went wrong.
struct ToolResult {
  let text: String
  var structured: JSONValue?
  var isError = false

  /// The members of a `CallToolResult` that all revisions share.
  var members: JSONObject {
    var members: JSONObject = [
      "content": [["type": "text", "text": .string(text)]],
      "isError": .bool(isError),
    ]
    members["structuredContent"] = structured
    return members
  }

  static func failure(_ text: String) -> ToolResult { ToolResult(text: text, isError: true) }
}
