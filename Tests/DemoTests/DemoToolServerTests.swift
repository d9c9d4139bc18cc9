import Demo
import JSON
import Testing
import Web

@Suite struct DemoToolServerTests {
  private let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

  @Test(arguments: ["/", "/mcp/", "/mcp/x", "/.well-known/oauth-protected-resource"])
  func onlyTheEndpointExists(path: String) {
    let reply = TestClient().send("POST", path: path)
    #expect(reply.status == 404)
    #expect(reply.json["jsonrpc"] == nil)
  }

  /// Web pages that have rebound their name to loopback still send their origin.
  @Test(arguments: ["https://evil.example", "http://127.0.0.1:8082", "null"])
  func webPagesAreTurnedAway(origin: String) {
    #expect(TestClient().send("POST", [("origin", origin)], body: ping).status == 403)
    #expect(TestClient().send("GET", [("origin", origin)]).status == 403)
  }

  @Test(
    arguments: [
      ("PUT", nil, "GET, POST, DELETE"),
      ("OPTIONS", "2025-11-25", "GET, POST, DELETE"),
      ("GET", "2026-07-28", "POST"),
      ("DELETE", "2026-07-28", "POST"),
      ("GET", "2099-01-01", "POST"),
    ] as [(String, String?, String)])
  func otherMethodsAreNotAllowed(method: String, version: String?, allowed: String) {
    let reply = TestClient().send(method, version.map { [("mcp-protocol-version", $0)] } ?? [])
    #expect(reply.status == 405)
    #expect(reply.field("allow") == allowed)
  }

  @Test(arguments: ["text/plain", "", "application/jsonp"])
  func bodiesMustBeJSON(type: String) {
    #expect(TestClient().send("POST", [("content-type", type)], body: ping).status == 415)
  }

  @Test(arguments: ["application/json", "text/event-stream", "text/html"])
  func clientsMustAcceptBothKindsOfAnswer(accept: String) {
    let fields = [("content-type", "application/json"), ("accept", accept)]
    #expect(TestClient().send("POST", fields, body: ping).status == 406)
  }

  @Test(arguments: [
    ("{", -32700), ("[]", -32600), (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600), ("null", -32600),
  ])
  func malformedMessagesAreRefused(body: String, code: Int64) {
    for version in ["2025-11-25", "2026-07-28"] {
      let fields = [("content-type", "application/json"), ("mcp-protocol-version", version)]
      let reply = TestClient().send("POST", fields, body: body)
      #expect(reply.status == 400)
      #expect(reply.json["id"] == .null)
      #expect(reply.json["error"]?["code"] == .integer(code))
    }
  }

  /// GW-111: both eras live on one endpoint at the same time.
  @Test func bothErasAreServedAtOnce() {
    let client = TestClient()
    #expect(client.modern("tools/list").status == 200)
    let session = client.initialize().field("mcp-session-id")
    #expect(session != nil)
    let modern = client.modern("tools/list", headers: ["mcp-session-id": session])
    #expect(modern.status == 200)
    #expect(modern.field("mcp-session-id") == nil)
  }
}
