import Demo
import JSON
import Testing
import Web

@Suite struct ModernEraTests {
  private let version = "io.modelcontextprotocol/protocolVersion"
  private let capabilities = "io.modelcontextprotocol/clientCapabilities"

  private func expectRefusal(_ reply: LocalReply, _ status: Int, _ code: Int64) {
    #expect(reply.status == status)
    #expect(reply.field("content-type") == "application/json")
    #expect(reply.json["error"]?["code"] == .integer(code))
    #expect(reply.field("mcp-session-id") == nil)
  }

  @Test func discoverDescribesTheServer() {
    let reply = TestClient().modern("server/discover")
    #expect(reply.status == 200)
    let result = reply.json["result"]
    #expect(reply.json["id"] == "m")
    #expect(result?["supportedVersions"] == ["2026-07-28"])
    #expect(result?["capabilities"]?["tools"] != nil)
    #expect(result?["resultType"] == "complete")
    #expect(result?["cacheScope"] == "public")
    #expect(result?["ttlMs"]?.integerValue != nil)
    #expect(result?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "portcullis-demo")
    #expect(reply.field("mcp-session-id") == nil)
  }

  @Test func toolsMayBeCached() {
    let result = TestClient().modern("tools/list").json["result"]
    #expect(result?["tools"]?.arrayValue?.count == 4)
    #expect(result?["resultType"] == "complete")
    #expect(result?["cacheScope"] == "public")
    #expect(result?["ttlMs"] == 300_000)
  }

  @Test func callsStandAlone() {
    let result = TestClient().modernCall("add", ["a": 1, "b": 2]).json["result"]
    #expect(result?["structuredContent"] == ["sum": 3])
    #expect(result?["resultType"] == "complete")
    #expect(result?["ttlMs"] == nil)
  }

  @Test func progressStreamsBeforeTheResult() {
    let reply = TestClient().modernCall("countdown", ["from": 3, "interval_ms": 10], token: "p")
    #expect(reply.messages.map { $0["params"]?["progressToken"] } == ["p", "p", "p", nil])
    #expect(reply.messages.last?["result"]?["resultType"] == "complete")
    #expect(reply.messages.last?["id"] == "m")
  }

  @Test(
    arguments: [
      ["mcp-method": nil], ["mcp-method": "tools/list"], ["mcp-method": "Tools/Call"], ["mcp-name": nil],
      ["mcp-name": "whoami"], ["mcp-name": "ADD"], ["mcp-name": "=?base64?d2hvYW1p?="],
      ["mcp-name": "=?base64?YWR?="],
      ["mcp-protocol-version": nil], ["mcp-protocol-version": "2099-01-01"],
    ] as [[String: String?]])
  func fieldsMustAgreeWithTheBody(headers: [String: String?]) {
    let reply = TestClient().modern("tools/call", ["name": "add", "arguments": [:]], headers: headers)
    expectRefusal(reply, 400, -32020)
    #expect(reply.json["id"] == "m")
  }

  @Test func encodedNamesAreDecodedBeforeTheyAreCompared() {
    let reply = TestClient().modern(
      "tools/call", ["name": "add", "arguments": ["a": 1, "b": 1]], headers: ["mcp-name": "=?base64?YWRk?="])
    #expect(reply.status == 200)
  }

  /// GW-102: readers of the first and of the last copy would disagree.
  @Test(arguments: [
    ("mcp-method", "tools/list"), ("mcp-name", "add"), ("mcp-protocol-version", "2026-07-28"),
  ])
  func repeatedFieldsAreRefused(name: String, value: String) {
    let client = TestClient()
    client.fields += name == "mcp-name" ? [(name, value), (name, value)] : [(name, value)]
    expectRefusal(client.modern("tools/list"), 400, -32020)
  }

  @Test(
    arguments: [
      ["io.modelcontextprotocol/protocolVersion": .null],
      ["io.modelcontextprotocol/clientCapabilities": .null],
      ["io.modelcontextprotocol/protocolVersion": 20_260_728],
      ["io.modelcontextprotocol/clientCapabilities": "none"],
    ] as [JSONObject])
  func theEnvelopeIsRequired(meta: JSONObject) {
    expectRefusal(TestClient().modern("tools/list", meta: meta), 400, -32602)
  }

  @Test func aBodyWithoutEnvelopeIsRefused() {
    let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/list"]
    let fields = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")]
    expectRefusal(TestClient().post(message, fields), 400, -32602)
  }

  @Test func unknownVersionsAreToldWhichThereAre() {
    let meta: JSONObject = [version: "2099-01-01"]
    let replies = [
      TestClient().modern("tools/list", meta: meta, headers: ["mcp-protocol-version": "2099-01-01"]),
      TestClient().post(
        ["jsonrpc": "2.0", "id": 1, "method": "tools/list"], [("mcp-protocol-version", "2099-01-01")]),
      TestClient().post(["jsonrpc": "2.0", "method": "n"], [("mcp-protocol-version", "2099-01-01")]),
    ]
    for reply in replies {
      expectRefusal(reply, 400, -32022)
      #expect(reply.json["error"]?["data"]?["supported"]?.stringsValue?.first == "2026-07-28")
      #expect(reply.json["error"]?["data"]?["requested"] == "2099-01-01")
    }
  }

  @Test(arguments: ["ping", "initialize", "resources/list", "subscriptions/listen", "bogus"])
  func unknownMethodsAreNotFound(method: String) {
    let reply = TestClient().modern(method)
    expectRefusal(reply, 404, -32601)
    #expect(reply.json["error"]?["data"] == .string(method))
  }

  @Test func unknownToolsAndBadShapesAreBadRequests() {
    expectRefusal(TestClient().modernCall("nope"), 400, -32602)
    expectRefusal(TestClient().modernCall("add", "text"), 400, -32602)
    expectRefusal(TestClient().modern("tools/call", ["name": 5]), 400, -32602)
  }

  @Test func badArgumentsAreAResult() {
    let result = TestClient().modernCall("countdown", ["from": 21]).json["result"]
    #expect(result?["isError"] == true)
    #expect(result?["resultType"] == "complete")
  }

  @Test func notificationsAreAcknowledgedAndResponsesRefused() {
    let fields = [("mcp-protocol-version", "2026-07-28")]
    let client = TestClient()
    #expect(client.post(["jsonrpc": "2.0", "method": "notifications/cancelled"], fields).status == 202)
    expectRefusal(client.post(["jsonrpc": "2.0", "id": 1, "result": [:]], fields), 400, -32600)
  }
}
