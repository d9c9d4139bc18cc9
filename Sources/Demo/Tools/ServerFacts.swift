internal import JSON
internal import MCP

/// What the server says about itself, in both eras.
enum ServerFacts {
  static let implementation: JSONValue = [
    "name": "portcullis-demo", "title": "Portcullis demo tools", "version": "0.1.0",
  ]
  static let capabilities: JSONValue = ["tools": ["listChanged": false]]
  static let instructions: JSONValue = """
    A demonstration behind the Portcullis gateway. Call whoami to see who the gateway says you are, \
    and countdown to see progress as it streams.
    """
  static let tools: JSONValue = .array(DemoTool.allCases.map(\.definition))
  /// How long a modern client may keep what is the same for everybody.
  static let timeToLiveMilliseconds: JSONValue = 300_000

  /// The token for progress notifications that a request carries, if it is of a proper type.
  static func progressToken(_ params: JSONObject) -> JSONRPCID? {
    params["_meta"]?["progressToken"].flatMap(JSONRPCID.init)
  }
}
