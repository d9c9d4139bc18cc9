package import JSON

/// The error member of a JSON-RPC response (JSON-RPC 2.0 §5.1), with the codes that MCP adds.
package struct JSONRPCError: Error, Equatable, Sendable {
  package let code: Int64
  package let message: String
  package let data: JSONValue?

  package init(code: Int64, message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  package var value: JSONValue {
    var members: JSONObject = ["code": .integer(code), "message": .string(message)]
    members["data"] = data
    return .object(members)
  }

  package static func parseError(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32700, message: message)
  }

  package static func invalidRequest(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32600, message: message)
  }

  package static func methodNotFound(_ method: String) -> JSONRPCError {
    JSONRPCError(code: -32601, message: "Method not found", data: .string(method))
  }

  package static func invalidParams(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32602, message: message)
  }

  package static func internalError(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32603, message: message)
  }

  /// A header field contradicts the body or is missing (MCP 2026-07-28).
  package static func headerMismatch(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32020, message: message)
  }

  /// The server does not speak the requested revision (MCP 2026-07-28); the data let the client choose
  /// another.
  package static func unsupportedProtocolVersion(_ requested: String) -> JSONRPCError {
    JSONRPCError(
      code: -32022, message: "Unsupported protocol version",
      data: [
        "supported": JSONValue(ProtocolVersion.newestFirst.map(\.rawValue)),
        "requested": .string(requested),
      ])
  }

  /// The HTTP status that a modern server sends with this error; an error of the method itself is still a
  /// 200.
  package var status: Int {
    switch code {
    case -32601: 404
    case -32700, -32600, -32602, -32020, -32021, -32022: 400
    case -32603: 500
    default: 200
    }
  }
}
