import JSON

/// The first message of a client of the versions with sessions, which every MCP server answers somehow.
enum MCPRequest {
  static let fields: [(StaticString, String)] = [
    ("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json"),
  ]

  static var initialize: [UInt8] {
    let message: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "initialize",
      "params": [
        "protocolVersion": "2025-11-25", "capabilities": .object([:]),
        "clientInfo": ["name": "portcullis-doctor", "version": "1"],
      ],
    ]
    return message.serialized()
  }
}
