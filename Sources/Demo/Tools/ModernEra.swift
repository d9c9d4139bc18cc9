internal import JSON
internal import MCP
internal import Web

/// The server for revision 2026-07-28: every request stands alone and names its version, in a field and in
/// its body.
struct ModernEra {
  private static let versionKey = "io.modelcontextprotocol/protocolVersion"
  private static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
  private static let serverInfoKey = "io.modelcontextprotocol/serverInfo"
  /// Methods whose target is mirrored in `Mcp-Name`, and the parameter it is taken from.
  private static let named = ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"]

  /// Whether the body claims to be of this era.
  static func isMeant(by message: JSONRPCMessage) -> Bool {
    guard case .request(_, _, let params) = message else { return false }
    return params["_meta"]?[versionKey] != nil
  }

  /// Answers one message of a POST.
  func post(
    _ message: JSONRPCMessage, _ request: LocalRequest, _ tools: inout ToolRunner, openSessions: Int
  ) -> LocalReply {
    switch message {
    case .response:
      return Self.refusal(.invalidRequest("Clients do not send responses in this revision"), to: nil)
    case .notification:
      let version = request.field(MCPHeader.protocolVersion) ?? ""
      return Self.isServed(version)
        ? LocalReply(status: 202) : Self.refusal(.unsupportedProtocolVersion(version), to: nil)
    case .request(let id, let method, let params):
      do throws(JSONRPCError) {
        try Self.check(method, params, request)
        return try answer(id, method, params, request, &tools, openSessions: openSessions)
      } catch {
        return Self.refusal(error, to: id)
      }
    }
  }

  private func answer(
    _ id: JSONRPCID, _ method: String, _ params: JSONObject, _ request: LocalRequest,
    _ tools: inout ToolRunner,
    openSessions: Int
  ) throws(JSONRPCError) -> LocalReply {
    let result: JSONObject
    switch method {
    case "server/discover":
      result = Self.cacheable([
        "supportedVersions": JSONValue(ProtocolVersion.modern.map(\.rawValue)),
        "capabilities": ServerFacts.capabilities, "instructions": ServerFacts.instructions,
      ])
    case "tools/list": result = Self.cacheable(["tools": ServerFacts.tools])
    case "tools/call":
      switch try tools.call(params, identity: GatewayIdentity(request), openSessions: openSessions) {
      case .done(let outcome): result = outcome.members
      case .counting(let count, let interval, let outcome):
        return EventStream.countdown(
          count, intervalMilliseconds: interval, progressToken: ServerFacts.progressToken(params),
          response: JSONRPCMessage.result(Self.complete(outcome.members), to: id))
      }
    default: throw .methodNotFound(method)
    }
    return .json(JSONRPCMessage.result(Self.complete(result), to: id))
  }

  /// The checks of the 2026-07-28 revision, Streamable HTTP, Server Validation. A client that contradicts
  /// itself is told so before it is told that its version is not served.
  private static func check(
    _ method: String, _ params: JSONObject, _ request: LocalRequest
  ) throws(JSONRPCError) {
    for name in MCPHeader.routing where request.fields.filter({ $0.name == name }).count > 1 {
      throw .headerMismatch("\(name) appears more than once")
    }
    let field = request.field(MCPHeader.protocolVersion)
    let meta = params["_meta"]
    guard let version = meta?[versionKey]?.stringValue, meta?[capabilitiesKey]?.objectValue != nil else {
      if let field, !isServed(field) { throw .unsupportedProtocolVersion(field) }
      throw .invalidParams("params._meta must carry \(versionKey) and \(capabilitiesKey)")
    }
    guard field == version else {
      throw .headerMismatch("\(MCPHeader.protocolVersion) does not match params._meta")
    }
    guard request.field(MCPHeader.method) == method else {
      throw .headerMismatch("\(MCPHeader.method) does not match the method of the body")
    }
    if let key = named[method], let name = params[key]?.stringValue {
      guard request.field(MCPHeader.name).flatMap(MCPHeader.decoded) == name else {
        throw .headerMismatch("\(MCPHeader.name) does not match params.\(key)")
      }
    }
    guard isServed(version) else { throw .unsupportedProtocolVersion(version) }
  }

  private static func isServed(_ version: String) -> Bool {
    ProtocolVersion(rawValue: version)?.isModern == true
  }

  private static func complete(_ members: JSONObject) -> JSONObject {
    var members = members
    members["resultType"] = "complete"
    members["_meta"] = [serverInfoKey: ServerFacts.implementation]
    return members
  }

  /// What is the same for everybody may be kept by anybody for a while.
  private static func cacheable(_ members: JSONObject) -> JSONObject {
    var members = members
    members["ttlMs"] = ServerFacts.timeToLiveMilliseconds
    members["cacheScope"] = "public"
    return members
  }

  private static func refusal(_ error: JSONRPCError, to id: JSONRPCID?) -> LocalReply {
    .json(JSONRPCMessage.error(error, to: id), status: error.status)
  }
}
