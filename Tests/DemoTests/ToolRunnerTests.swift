@testable import Demo
import JSON
import MCP
import Testing
import Web

@Suite struct ToolRunnerTests {
  private func identity(_ fields: [(name: String, value: String)]) -> GatewayIdentity {
    GatewayIdentity(LocalRequest(method: "POST", path: "/mcp", fields: fields))
  }

  private func result(
    _ tool: String, _ arguments: JSONValue?, _ fields: [(name: String, value: String)] = TestClient.gateway
  ) throws -> ToolResult {
    var runner = ToolRunner()
    var params: JSONObject = ["name": .string(tool)]
    params["arguments"] = arguments
    switch try runner.call(params, identity: identity(fields), openSessions: 3) {
    case .done(let result), .counting(_, _, let result): return result
    }
  }

  @Test func whoamiTellsWhatTheGatewayVouchesFor() throws {
    let result = try result("whoami", nil)
    #expect(!result.isError)
    #expect(
      result.structured == [
        "subject": "alice", "client": "client-1", "issuer": "http://127.0.0.1:8081", "scopes": ["mcp:tools"],
        "credentialsReceived": false,
      ])
    #expect(
      result.text == "You are alice, using client client-1 with the scopes mcp:tools. No token came along.")
  }

  /// GW-60: a credential that comes through is visible.
  @Test(arguments: ["authorization", "cookie", "proxy-authorization"])
  func whoamiNoticesCredentials(name: String) throws {
    let result = try result("whoami", .null, TestClient.gateway + [(name, "x")])
    #expect(result.structured?["credentialsReceived"] == true)
    #expect(result.text.hasSuffix("A credential came along, which is wrong."))
  }

  @Test func whoamiWithoutGatewayFails() throws {
    #expect(try result("whoami", [:], []).isError)
  }

  @Test(
    arguments: [
      (["a": 1, "b": 2], "3"),
      (["a": -1.5, "b": 2], "0.5"),
      (["a": 9_223_372_036_854_775_807, "b": 1], "9.223372036854776e+18"),
    ] as [(JSONValue, String)])
  func adds(arguments: JSONValue, expected: String) throws {
    let result = try result("add", arguments)
    #expect(result.text == expected)
    #expect(!result.isError)
  }

  @Test(arguments: [nil, [:], ["a": 1], ["a": "1", "b": 2], ["a": 1.7e308, "b": 1.7e308]] as [JSONValue?])
  func refusesToAdd(arguments: JSONValue?) throws {
    #expect(try result("add", arguments).isError)
  }

  @Test(
    arguments: [
      ([:], 5, 500), (["from": 1], 1, 500), (["from": 20, "interval_ms": 0], 20, 0),
      (["interval_ms": 5000], 5, 5000),
    ] as [(JSONValue, Int, Int)])
  func countsDown(arguments: JSONValue, count: Int, interval: Int) throws {
    var runner = ToolRunner()
    let params: JSONObject = ["name": "countdown", "arguments": arguments]
    guard
      case .counting(count, interval, _) = try runner.call(params, identity: identity([]), openSessions: 0)
    else {
      Issue.record("not \(count) steps of \(interval) ms")
      return
    }
  }

  @Test(
    arguments: [
      ["from": 0], ["from": 21], ["from": 1.5], ["from": "3"], ["from": .null], ["interval_ms": -1],
      ["interval_ms": 5001],
    ] as [JSONValue])
  func refusesToCount(arguments: JSONValue) throws {
    #expect(try result("countdown", arguments).isError)
  }

  @Test func theReportIsForAdministrators() throws {
    #expect(try result("admin_report", nil).isError)
    let report = try result("admin_report", nil, [("x-portcullis-scopes", "mcp:tools mcp:admin")])
    #expect(report.structured == ["toolCalls": 1, "openSessions": 3])
    #expect(try result("admin_report", nil, [("x-portcullis-scopes", "mcp:administrator")]).isError)
  }

  @Test(arguments: [["name": "nope"], [:], ["name": 1], ["name": "add", "arguments": []]] as [JSONObject])
  func refusesCallsOfTheWrongShape(params: JSONObject) {
    var runner = ToolRunner()
    let error = #expect(throws: JSONRPCError.self) {
      try runner.call(params, identity: identity([]), openSessions: 0)
    }
    #expect(error?.code == -32602)
    #expect(runner.calls == 0)
  }
}
