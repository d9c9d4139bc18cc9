internal import JSON
internal import MCP
package import Web

/// An MCP server with a few tools, for both eras of the protocol on one endpoint (Streamable HTTP).
package final class DemoToolServer: LocalService {
  private let path: String
  private let legacy = LegacyEra()
  private let modern = ModernEra()
  private var tools = ToolRunner()

  /// - Parameter path: of the MCP endpoint.
  package init(path: String = "/mcp") { self.path = path }

  package func respond(to request: LocalRequest, now: Int64) -> LocalAnswer { .reply(answer(request, now: now)) }

  package func answer(_ request: LocalRequest, now: Int64) -> LocalReply {
    guard request.path == path else { return .json(["error": "not_found"], status: 404) }
    // Only the gateway talks to this server, and it drops `Origin`: whoever sends one is a web page (DNS
    // rebinding).
    guard request.field("origin") == nil else { return .json(["error": "forbidden"], status: 403) }
    let field = request.field(MCPHeader.protocolVersion)
    let isLegacy = field.map { ProtocolVersion(rawValue: $0).map { !$0.isModern } ?? false } ?? true
    switch (request.method, isLegacy) {
    case ("POST", _): return post(request, isLegacy: isLegacy, hasVersion: field != nil, now: now)
    case ("GET", true): return legacy.listen(request, now: now)
    case ("DELETE", true): return legacy.close(request, now: now)
    default: return .methodNotAllowed(isLegacy ? "GET, POST, DELETE" : "POST")
    }
  }

  private func post(_ request: LocalRequest, isLegacy: Bool, hasVersion: Bool, now: Int64) -> LocalReply {
    guard request.mediaType == "application/json" else {
      return Self.refusal(415, .invalidRequest("The body must be application/json"))
    }
    guard request.accepts("application", "json"), request.accepts("text", "event-stream") else {
      return Self.refusal(
        406, .invalidRequest("The client must accept application/json and text/event-stream"))
    }
    let message: JSONRPCMessage
    do throws(JSONRPCError) {
      message = try JSONRPCMessage(parsing: request.body)
    } catch {
      return Self.refusal(400, error)
    }
    if !isLegacy || (!hasVersion && ModernEra.isMeant(by: message)) {
      return modern.post(message, request, &tools, openSessions: legacy.openSessions)
    }
    do {
      return try legacy.post(message, request, &tools, now: now)
    } catch {
      return Self.refusal(500, .internalError("The server has no random numbers"))
    }
  }

  private static func refusal(_ status: Int, _ error: JSONRPCError) -> LocalReply {
    .json(JSONRPCMessage.error(error, to: nil), status: status)
  }
}
