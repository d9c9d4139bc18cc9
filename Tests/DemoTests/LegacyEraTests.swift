import Demo
import JSON
import Testing
import Web

@Suite struct LegacyEraTests {
  @Test(arguments: [
    ("2025-03-26", "2025-03-26"),
    ("2025-06-18", "2025-06-18"),
    ("2025-11-25", "2025-11-25"),
    ("2024-11-05", "2025-11-25"),
    ("2026-07-28", "2025-11-25"),
    ("2099-01-01", "2025-11-25"),
  ])
  func negotiatesTheVersion(offered: String, chosen: String) {
    let reply = TestClient().initialize(offered)
    #expect(reply.status == 200)
    #expect(reply.json["result"]?["protocolVersion"] == .string(chosen))
    #expect(reply.json["result"]?["serverInfo"]?["name"] == "portcullis-demo")
    #expect(reply.json["result"]?["capabilities"]?["tools"] != nil)
    #expect(reply.field("mcp-session-id")?.utf8.allSatisfy { 0x21...0x7E ~= $0 } == true)
  }

  @Test func initializeNeedsAVersion() {
    let reply = TestClient().request("initialize")
    #expect(reply.status == 400)
    #expect(reply.json["error"]?["code"] == -32602)
    #expect(reply.field("mcp-session-id") == nil)
  }

  @Test(arguments: ["2025-03-26", "2025-06-18", "2025-11-25"])
  func aSessionLivesUntilItIsDeleted(version: String) {
    let client = TestClient()
    client.open(version)
    #expect(client.post(["jsonrpc": "2.0", "method": "notifications/initialized"]).status == 202)
    #expect(client.post(["jsonrpc": "2.0", "id": 5, "result": [:]]).status == 202)
    #expect(client.request("ping").json["result"] == [:])
    let tools = client.request("tools/list").json["result"]?["tools"]?.arrayValue ?? []
    #expect(tools.compactMap { $0["name"]?.stringValue } == ["whoami", "add", "countdown", "admin_report"])
    #expect(tools.allSatisfy { $0["inputSchema"]?["type"] == "object" })
    #expect(client.send("DELETE").status == 204)
    for reply in [client.request("ping"), client.send("DELETE"), client.send("GET", [("accept", "*/*")])] {
      #expect(reply.status == 404)
      #expect(reply.json["error"]?["code"] == -32600)
    }
  }

  @Test func acknowledgementsHaveNoBody() {
    let client = TestClient()
    client.open()
    #expect(client.post(["jsonrpc": "2.0", "method": "notifications/initialized"]).bytes.isEmpty)
  }

  @Test func requestsWithoutSessionAreRefused() {
    let client = TestClient()
    for reply in [
      client.request("tools/list"), client.send("DELETE"),
      client.send("GET", [("accept", "text/event-stream")]),
      client.post(["jsonrpc": "2.0", "method": "notifications/initialized"]),
    ] { #expect(reply.status == 400) }
    client.fields.append(("mcp-session-id", "made-up"))
    #expect(client.request("tools/list").status == 404)
  }

  /// GW-124: who only knows the identifier does not get the session.
  @Test(arguments: ["x-portcullis-subject", "x-portcullis-client", "x-portcullis-issuer"])
  func aSessionBelongsToItsPrincipal(field: String) {
    let client = TestClient()
    client.open()
    let own = client.fields
    client.fields = own.map { $0.name == field ? ($0.name, "other") : $0 }
    #expect(client.request("ping").status == 404)
    #expect(client.send("DELETE").status == 404)
    client.fields = own.map { $0.name == "x-portcullis-scopes" ? ($0.name, "mcp:tools mcp:admin") : $0 }
    #expect(client.request("ping").status == 200)
  }

  @Test func theVersionCannotChangeWithinASession() {
    let client = TestClient()
    client.open("2025-06-18")
    client.fields.removeAll { $0.name == "mcp-protocol-version" }
    #expect(client.request("ping").status == 200)
    client.fields.append(("mcp-protocol-version", "2025-11-25"))
    #expect(client.request("ping").status == 400)
  }

  @Test func idleSessionsEnd() {
    let client = TestClient()
    client.open()
    client.now += 3599
    #expect(client.request("ping").status == 200)
    client.now += 3599
    #expect(client.request("ping").status == 200)
    client.now += 3600
    #expect(client.request("ping").status == 404)
  }

  @Test func getOpensAStreamThatStaysOpen() {
    let client = TestClient()
    client.open()
    let reply = client.send("GET", [("accept", "text/event-stream"), ("last-event-id", "7")])
    #expect(reply.status == 200)
    #expect(reply.field("content-type") == "text/event-stream")
    #expect(reply.field("cache-control") == "no-cache, no-transform")
    #expect(reply.staysOpen)
    #expect(reply.events.map { String(decoding: $0.bytes, as: UTF8.self) } == [": open\n\n"])
    #expect(client.send("GET").status == 406)
    #expect(client.send("GET", [("accept", "application/json")]).status == 406)
  }

  @Test func errorsOfMethodsComeWith200() {
    let client = TestClient()
    client.open()
    for (reply, code) in [
      (client.request("resources/list"), -32601), (client.request("server/discover"), -32601),
      (client.call("nope"), -32602), (client.call("add", [1]), -32602),
      (client.request("tools/call"), -32602),
    ] {
      #expect(reply.status == 200)
      #expect(reply.json["id"] == 1)
      #expect(reply.json["error"]?["code"] == .integer(Int64(code)))
    }
  }

  @Test func quickToolsAnswerWithJSON() {
    let client = TestClient()
    client.open()
    let result = client.call("add", ["a": 2, "b": 3]).json["result"]
    #expect(result?["content"]?.arrayValue?.first == ["type": "text", "text": "5"])
    #expect(result?["structuredContent"] == ["sum": 5])
    #expect(result?["isError"] == false)
    #expect(result?["resultType"] == nil)
  }

  @Test func progressStreamsBeforeTheResult() {
    let client = TestClient()
    client.open()
    let reply = client.call("countdown", ["from": 2, "interval_ms": 40], token: 7)
    #expect(reply.field("content-type") == "text/event-stream")
    #expect(!reply.staysOpen)
    #expect(reply.events.map(\.delayMilliseconds) == [0, 40, 40, 0])
    #expect(
      reply.messages.map { $0["method"]?.stringValue } == [
        "notifications/progress", "notifications/progress", nil,
      ])
    #expect(reply.messages[0]["params"]?["progressToken"] == 7)
    #expect(reply.messages.prefix(2).map { $0["params"]?["progress"] } == [1, 2])
    #expect(reply.messages[2]["id"] == 1)
    #expect(reply.messages[2]["result"]?["structuredContent"] == ["steps": 2])
  }
}
