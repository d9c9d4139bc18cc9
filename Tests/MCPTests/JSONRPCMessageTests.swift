import JSON
import MCP
import Testing

@Suite struct JSONRPCMessageTests {
  private func parse(_ text: String) throws(JSONRPCError) -> JSONRPCMessage {
    try JSONRPCMessage(parsing: Array(text.utf8))
  }

  @Test(
    arguments: [
      (
        #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        .request(id: .integer(1), method: "ping", params: [:])
      ),
      (
        #"{"jsonrpc":"2.0","id":"x","method":"m","params":{"a":1}}"#,
        .request(id: .string("x"), method: "m", params: ["a": 1])
      ),
      (
        #"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#,
        .request(id: .integer(1), method: "m", params: [:])
      ),
      (#"{"jsonrpc":"2.0","method":"n","params":{}}"#, .notification(method: "n", params: [:])),
      (#"{"jsonrpc":"2.0","id":1,"result":{}}"#, .response),
      (#"{"jsonrpc":"2.0","id":"1","error":{"code":1,"message":""}}"#, .response),
    ] as [(String, JSONRPCMessage)])
  func reads(text: String, expected: JSONRPCMessage) throws {
    #expect(try parse(text) == expected)
  }

  @Test(arguments: [
    ("", -32700),
    ("{", -32700),
    (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, -32700),
    ("[]", -32600),
    (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
    (#""text""#, -32600),
    (#"{"id":1,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, -32600),
    (#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
    (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#, -32600),
    (#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, -32600),
    (#"{"jsonrpc":"2.0","result":{}}"#, -32600),
  ])
  func refuses(text: String, code: Int64) {
    let error = #expect(throws: JSONRPCError.self) { try parse(text) }
    #expect(error?.code == code)
  }

  @Test func writesEachKind() {
    let texts = [
      JSONRPCMessage.result(["a": true], to: .integer(3)),
      JSONRPCMessage.error(.methodNotFound("m"), to: .string("x")),
      JSONRPCMessage.error(.parseError("no"), to: nil),
      JSONRPCMessage.notification("notifications/progress", ["progress": 1]),
    ].map { String(decoding: $0.serialized(), as: UTF8.self) }
    #expect(
      texts == [
        #"{"jsonrpc":"2.0","id":3,"result":{"a":true}}"#,
        #"{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"Method not found","data":"m"}}"#,
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}"#,
      ])
  }
}
