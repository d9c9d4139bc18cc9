package import JSON

/// One JSON-RPC 2.0 message as MCP narrows it: parameters are an object, identifiers are never null, no
/// batches.
package enum JSONRPCMessage: Equatable, Sendable {
  case request(id: JSONRPCID, method: String, params: JSONObject)
  case notification(method: String, params: JSONObject)
  /// An answer to a request of the server; what it answers is of no interest to those who only acknowledge
  /// it.
  case response

  /// Reads one message.
  ///
  /// - Throws: a parse error for bytes that are not JSON, an invalid request for JSON that is not one
  ///   message.
  package init(parsing bytes: [UInt8]) throws(JSONRPCError) {
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONValue.parse(bytes)
    } catch {
      throw .parseError("Parse error: \(error)")
    }
    guard case .object(let message) = document else {
      throw .invalidRequest("The body must be a single JSON-RPC message")
    }
    guard message["jsonrpc"]?.stringValue == "2.0" else {
      throw .invalidRequest("jsonrpc must be \"2.0\"")
    }
    let id = message["id"].flatMap(JSONRPCID.init)
    if message["method"] == nil, (message["result"] == nil) != (message["error"] == nil), id != nil {
      self = .response
      return
    }
    guard let method = message["method"]?.stringValue else {
      throw .invalidRequest("method must be a string")
    }
    let params = try Self.params(of: message)
    if message["id"] == nil {
      self = .notification(method: method, params: params)
    } else if let id {
      self = .request(id: id, method: method, params: params)
    } else {
      throw .invalidRequest("id must be a string or an integer")
    }
  }

  private static func params(of message: JSONObject) throws(JSONRPCError) -> JSONObject {
    switch message["params"] {
    case nil, .null: [:]
    case .object(let params): params
    default: throw .invalidRequest("params must be an object")
    }
  }

  /// A response that carries a result.
  package static func result(_ result: JSONObject, to id: JSONRPCID) -> JSONValue {
    ["jsonrpc": "2.0", "id": id.value, "result": .object(result)]
  }

  /// A response that carries an error; the identifier is null when the request's could not be read.
  package static func error(_ error: JSONRPCError, to id: JSONRPCID?) -> JSONValue {
    ["jsonrpc": "2.0", "id": id?.value ?? .null, "error": error.value]
  }

  /// A message that expects no answer.
  package static func notification(_ method: String, _ params: JSONObject) -> JSONValue {
    ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
  }
}
