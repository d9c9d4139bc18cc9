internal import JSON

/// A tool of the demonstration server, with the schema that clients see.
enum DemoTool: String, CaseIterable {
  case whoami
  case add
  case countdown
  case adminReport = "admin_report"

  /// The tool's entry in `tools/list`.
  var definition: JSONValue {
    [
      "name": .string(rawValue),
      "title": .string(title),
      "description": .string(description),
      "inputSchema": inputSchema,
      "annotations": ["readOnlyHint": true, "openWorldHint": false],
    ]
  }

  private var title: String {
    switch self {
    case .whoami: "Who am I?"
    case .add: "Add two numbers"
    case .countdown: "Count down"
    case .adminReport: "Administration report"
    }
  }

  private var description: String {
    switch self {
    case .whoami:
      "Tells which user, client and scopes the gateway has vouched for, and that no token came along."
    case .add: "Adds two numbers."
    case .countdown: "Counts down to zero and reports each step as progress while it runs."
    case .adminReport: "Tells how busy the demo server has been. Needs the scope mcp:admin."
    }
  }

  private var inputSchema: JSONValue {
    switch self {
    case .whoami, .adminReport: ["type": "object", "properties": [:], "additionalProperties": false]
    case .add:
      [
        "type": "object",
        "properties": ["a": ["type": "number"], "b": ["type": "number"]],
        "required": ["a", "b"],
      ]
    case .countdown:
      [
        "type": "object",
        "properties": [
          "from": ["type": "integer", "minimum": 1, "maximum": 20, "default": 5],
          "interval_ms": [
            "type": "integer", "minimum": 0, "maximum": 5000, "default": 500,
            "description": "Milliseconds between two steps",
          ],
        ],
      ]
    }
  }
}
