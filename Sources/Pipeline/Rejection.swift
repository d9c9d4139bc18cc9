package import Telemetry

/// A refusal: what the client gets and what the log says. All refusals are rendered here.
package struct Rejection {
  package let reply: Reply
  /// snake_case, for the log.
  package let reason: StaticString
  /// What it says about the caller's credentials, when it does.
  package let auth: AuthOutcome?
  /// Whether the rest of what the client sends is not worth reading.
  package let closesConnection: Bool

  /// - Parameter message: for the person who reads the body; never made of anything the client sent.
  init(
    _ status: Int, _ error: StaticString, reason: StaticString? = nil, _ message: String,
    fields: [(StaticString, String)] = [], auth: AuthOutcome? = nil, closesConnection: Bool = false
  ) {
    let body = "{\"error\":\"\(error)\",\"error_description\":\"\(message)\"}\n"
    reply = .json(status, fields + [("Cache-Control", "no-store")], [UInt8](body.utf8))
    self.reason = reason ?? error
    self.auth = auth
    self.closesConnection = closesConnection
  }

  // MARK: The request itself

  /// A request that HTTP does not allow; nothing behind it can be trusted.
  package static func malformed(_ status: Int, reason: StaticString) -> Rejection {
    let (error, message): (StaticString, String) =
      switch status {
      case 408: ("request_timeout", "The request did not arrive in time.")
      case 414: ("uri_too_long", "The request target is longer than this gateway allows.")
      case 431: ("head_too_large", "The request head is larger than this gateway allows.")
      case 501: ("not_implemented", "This gateway does not implement what the request asks for.")
      case 505: ("version_not_supported", "This gateway speaks HTTP/2, HTTP/1.1 and HTTP/1.0.")
      default: ("bad_request", "The request is not valid HTTP.")
      }
    return Rejection(status, error, reason: reason, message, closesConnection: true)
  }

  package static var notFound: Rejection {
    Rejection(404, "not_found", "Nothing is served at this path.")
  }

  package static var misdirected: Rejection {
    Rejection(421, "misdirected_request", "This gateway does not serve the host the request names.")
  }

  /// GW-70.
  package static var originNotAllowed: Rejection {
    Rejection(403, "origin_not_allowed", "Pages of this origin may not call this server.")
  }

  /// The token is good, but not the connection it comes over.
  package static var certificateNotAllowed: Rejection {
    Rejection(
      403, "certificate_not_allowed", "Your client certificate is not among those that may call this server.",
      auth: .refused)
  }

  package static var methodNotAllowed: Rejection {
    Rejection(
      405, "method_not_allowed", "This method is not served here.",
      fields: [("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")])
  }

  package static var bodyTooLarge: Rejection {
    Rejection(
      413, "body_too_large", "The request body is larger than this gateway allows.", closesConnection: true)
  }

  /// The canonical URL has no trailing slash; 308 keeps method and body (GW-25).
  package static func moved(to location: String) -> Rejection {
    Rejection(308, "moved", "The canonical URL has no trailing slash.", fields: [("Location", location)])
  }

  /// So many tokens of this client were refused at a high price that no new one is looked at for a while. Never a 401:
  /// others may share the address, and their tokens may be good (GW-16).
  package static func tooManyFailures(retryAfter seconds: Int) -> Rejection {
    Rejection(
      429, "too_many_bad_tokens",
      "Too many access tokens from this address were not valid; wait before trying another.",
      fields: [("Retry-After", String(seconds))], auth: .refused)
  }

  // MARK: The backend and the provider

  /// The backend could not be reached, or broke off before its response.
  package static func badGateway(_ reason: StaticString) -> Rejection {
    Rejection(
      502, "bad_gateway", reason: reason, "The MCP server behind this gateway did not give a valid answer.")
  }

  package static func gatewayTimeout(_ reason: StaticString) -> Rejection {
    Rejection(
      504, "gateway_timeout", reason: reason, "The MCP server behind this gateway did not answer in time.")
  }

  package static func overloaded(_ reason: StaticString) -> Rejection {
    Rejection(
      503, "overloaded", reason: reason, "Too many requests wait for the MCP server.",
      fields: [("Retry-After", "1")])
  }

  /// No key of the provider could be fetched: never a 401, which would send the user through sign-in (GW-16).
  package static func providerUnavailable(retryAfter seconds: Int) -> Rejection {
    Rejection(
      503, "provider_unavailable", "The keys of the identity provider cannot be fetched at the moment.",
      fields: [("Retry-After", String(seconds))])
  }

  /// A state that should not exist; it ends one request.
  package static func internalFault(_ reason: StaticString) -> Rejection {
    Rejection(500, "internal_error", reason: reason, "The gateway could not handle the request.")
  }
}
