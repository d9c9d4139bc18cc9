internal import JSON
internal import MCP
internal import JOSE
internal import Web

/// The server for revisions 2025-03-26 to 2025-11-25: an `initialize` handshake, then requests within a
/// session.
final class LegacyEra {
  private struct Session {
    let version: ProtocolVersion
    /// Who opened it; for everybody else it does not exist.
    let owner: GatewayIdentity
    /// Seconds since 1970.
    var lastUse: Int64
  }

  private var sessions = BoundedStore<Session>(capacity: 1000)
  /// Sessions that nobody uses for so many seconds are forgotten.
  private static let idleLimit: Int64 = 3600
  private static let lifetime: Int64 = 86400

  var openSessions: Int { sessions.count }

  /// POST of one message. Errors about the request as a whole have a status of their own; the others come
  /// with 200.
  func post(
    _ message: JSONRPCMessage, _ request: LocalRequest, _ tools: inout ToolRunner, now: Int64
  ) throws -> LocalReply {
    if case .request(let id, "initialize", let params) = message {
      return try open(id, params, request, now: now)
    }
    if let refusal = admit(request, now: now) { return refusal }
    guard case .request(let id, let method, let params) = message else { return LocalReply(status: 202) }
    do throws(JSONRPCError) {
      let result: JSONObject
      switch method {
      case "ping": result = [:]
      case "tools/list": result = ["tools": ServerFacts.tools]
      case "tools/call":
        switch try tools.call(params, identity: GatewayIdentity(request), openSessions: openSessions) {
        case .done(let outcome): result = outcome.members
        case .counting(let count, let interval, let outcome):
          return EventStream.countdown(
            count, intervalMilliseconds: interval, progressToken: ServerFacts.progressToken(params),
            response: JSONRPCMessage.result(outcome.members, to: id))
        }
      default: throw .methodNotFound(method)
      }
      return .json(JSONRPCMessage.result(result, to: id))
    } catch {
      return .json(JSONRPCMessage.error(error, to: id))
    }
  }

  /// GET: the stream for messages of the server's own accord.
  func listen(_ request: LocalRequest, now: Int64) -> LocalReply {
    guard request.field("accept") != nil, request.accepts("text", "event-stream") else {
      return Self.refusal(406, .invalidRequest("The client must accept text/event-stream"))
    }
    return admit(request, now: now) ?? EventStream.quiet()
  }

  /// DELETE: the client has done.
  func close(_ request: LocalRequest, now: Int64) -> LocalReply {
    if let refusal = admit(request, now: now) { return refusal }
    if let id = request.field(MCPHeader.sessionID) { sessions.remove(id) }
    return LocalReply(status: 204)
  }

  private func open(
    _ id: JSONRPCID, _ params: JSONObject, _ request: LocalRequest, now: Int64
  ) throws(CryptoFailure) -> LocalReply {
    guard let requested = params["protocolVersion"]?.stringValue else {
      let error = JSONRPCError.invalidParams("params.protocolVersion must be a string")
      return .json(JSONRPCMessage.error(error, to: id), status: 400)
    }
    let known = ProtocolVersion(rawValue: requested).flatMap { $0.isModern ? nil : $0 }
    let version = known ?? .newestLegacy
    let sessionID = try ProviderState.secret()
    let session = Session(version: version, owner: GatewayIdentity(request), lastUse: now)
    sessions.insert(session, sessionID, expiry: now + Self.lifetime, now: now)
    return .json(
      JSONRPCMessage.result(
        [
          "protocolVersion": .string(version.rawValue), "capabilities": ServerFacts.capabilities,
          "serverInfo": ServerFacts.implementation, "instructions": ServerFacts.instructions,
        ], to: id),
      fields: [(MCPHeader.sessionID, sessionID)])
  }

  /// Checks that the request belongs to a session, and notes that the session is in use.
  ///
  /// - Returns: the refusal, or nil when all is well.
  private func admit(_ request: LocalRequest, now: Int64) -> LocalReply? {
    guard let id = request.field(MCPHeader.sessionID) else {
      return Self.refusal(400, .invalidRequest("The session identifier is missing"))
    }
    guard let session = sessions.value(id, now: now), now - session.lastUse < Self.idleLimit,
      session.owner.isSamePrincipal(as: GatewayIdentity(request))
    else { return Self.refusal(404, .invalidRequest("Session not found")) }
    if let version = request.field(MCPHeader.protocolVersion), version != session.version.rawValue {
      return Self.refusal(400, .invalidRequest("The protocol version is not the negotiated one"))
    }
    sessions.update(id) { $0.lastUse = now }
    return nil
  }

  private static func refusal(_ status: Int, _ error: JSONRPCError) -> LocalReply {
    .json(JSONRPCMessage.error(error, to: nil), status: status)
  }
}
