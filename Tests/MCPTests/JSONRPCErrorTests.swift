import JSON
import MCP
import Testing

@Suite struct JSONRPCErrorTests {
  @Test(
    arguments: [
      (.parseError("m"), -32700, 400),
      (.invalidRequest("m"), -32600, 400),
      (.methodNotFound("m"), -32601, 404),
      (.invalidParams("m"), -32602, 400),
      (.internalError("m"), -32603, 500),
      (.headerMismatch("m"), -32020, 400),
      (.unsupportedProtocolVersion("m"), -32022, 400),
      (JSONRPCError(code: 7, message: "of the method"), 7, 200),
    ] as [(JSONRPCError, Int64, Int)])
  func hasCodeAndStatus(error: JSONRPCError, code: Int64, status: Int) {
    #expect(error.code == code)
    #expect(error.status == status)
    #expect(error.value["code"] == .integer(code))
  }

  @Test func withoutDataThereIsNoMember() {
    #expect(JSONRPCError.invalidParams("no").value == ["code": -32602, "message": "no"])
  }

  /// GW-107: a client can choose another version only if it is told which there are.
  @Test func unsupportedVersionNamesTheSupportedOnes() {
    let data = JSONRPCError.unsupportedProtocolVersion("1999-01-01").data
    #expect(data?["requested"] == "1999-01-01")
    #expect(data?["supported"] == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"])
  }
}
