import Demo
import JSON
import Web

/// An MCP client that talks to one server without sockets.
final class TestClient {
  static let gateway: [(name: String, value: String)] = [
    ("x-portcullis-subject", "alice"), ("x-portcullis-client", "client-1"),
    ("x-portcullis-scopes", "mcp:tools"),
    ("x-portcullis-issuer", "http://127.0.0.1:8081"),
  ]

  let server = DemoToolServer()
  var now: Int64 = 1_800_000_000
  /// Sent with every request.
  var fields = TestClient.gateway

  func send(
    _ method: String, _ more: [(name: String, value: String)] = [], body: String = "", path: String = "/mcp"
  ) -> LocalReply {
    server.answer(
      LocalRequest(method: method, path: path, fields: fields + more, body: Array(body.utf8)), now: now)
  }

  func post(_ message: JSONValue, _ more: [(name: String, value: String)] = []) -> LocalReply {
    send(
      "POST",
      [("content-type", "application/json"), ("accept", "application/json, text/event-stream")] + more,
      body: String(decoding: message.serialized(), as: UTF8.self))
  }

  // MARK: Revisions with sessions

  func initialize(_ version: String = "2025-11-25") -> LocalReply {
    post([
      "jsonrpc": "2.0", "id": 0, "method": "initialize",
      "params": [
        "protocolVersion": .string(version), "capabilities": [:],
        "clientInfo": ["name": "t", "version": "1"],
      ],
    ])
  }

  /// Opens a session, whose fields every later request carries.
  func open(_ version: String = "2025-11-25") {
    let session = initialize(version).field("mcp-session-id") ?? ""
    fields += [("mcp-session-id", session), ("mcp-protocol-version", version)]
  }

  func request(_ method: String, _ params: JSONObject = [:]) -> LocalReply {
    post(["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(params)])
  }

  func call(_ tool: String, _ arguments: JSONValue = [:], token: JSONValue? = nil) -> LocalReply {
    var params: JSONObject = ["name": .string(tool), "arguments": arguments]
    if let token { params["_meta"] = ["progressToken": token] }
    return request("tools/call", params)
  }

  // MARK: 2026-07-28

  /// A request as this revision wants it; `headers` replaces fields, nil leaves one out.
  func modern(
    _ method: String, _ params: JSONObject = [:], meta: JSONObject = [:], headers: [String: String?] = [:]
  ) -> LocalReply {
    var envelope: JSONObject = [
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": [:],
    ]
    for member in meta.members { envelope[member.name] = member.value.isNull ? nil : member.value }
    var params = params
    params["_meta"] = .object(envelope)
    var routing: [String: String?] = ["mcp-protocol-version": "2026-07-28", "mcp-method": method]
    routing["mcp-name"] = params["name"]?.stringValue
    routing.merge(headers) { _, new in new }
    return post(
      ["jsonrpc": "2.0", "id": "m", "method": .string(method), "params": .object(params)],
      routing.compactMap { name, value in value.map { (name, $0) } })
  }

  func modernCall(_ tool: String, _ arguments: JSONValue = [:], token: JSONValue? = nil) -> LocalReply {
    var meta: JSONObject = [:]
    meta["progressToken"] = token
    return modern("tools/call", ["name": .string(tool), "arguments": arguments], meta: meta)
  }
}
