import JSON
import Pipeline
import Telemetry
import Testing

struct RejectionTests {
  private static let all: [(Rejection, Int, String, String)] = [
    (.malformed(400, reason: "bad_host"), 400, "bad_request", "bad_host"),
    (.malformed(408, reason: "slow"), 408, "request_timeout", "slow"),
    (.malformed(414, reason: "target_too_long"), 414, "uri_too_long", "target_too_long"),
    (.malformed(431, reason: "head_too_large"), 431, "head_too_large", "head_too_large"),
    (.malformed(501, reason: "unknown"), 501, "not_implemented", "unknown"),
    (.malformed(505, reason: "version"), 505, "version_not_supported", "version"),
    (.notFound, 404, "not_found", "not_found"),
    (.misdirected, 421, "misdirected_request", "misdirected_request"),
    (.originNotAllowed, 403, "origin_not_allowed", "origin_not_allowed"),
    (.methodNotAllowed, 405, "method_not_allowed", "method_not_allowed"),
    (.bodyTooLarge, 413, "body_too_large", "body_too_large"),
    (.moved(to: "https://h/mcp"), 308, "moved", "moved"),
    (.badGateway("refused"), 502, "bad_gateway", "refused"),
    (.gatewayTimeout("late"), 504, "gateway_timeout", "late"),
    (.overloaded("full"), 503, "overloaded", "full"),
    (.providerUnavailable(retryAfter: 7), 503, "provider_unavailable", "provider_unavailable"),
    (.internalFault("no_route"), 500, "internal_error", "no_route"),
  ]

  @Test func statusErrorAndReason() throws {
    for (rejection, status, error, reason) in Self.all {
      #expect(rejection.reply.status == status)
      #expect(rejection.reason.description == reason)
      #expect(rejection.auth == nil)
      let body = try JSONValue.parse(rejection.reply.body)
      #expect(body["error"]?.stringValue == error)
      #expect(body["error_description"]?.stringValue?.isEmpty == false)
      #expect(body.objectValue?.count == 2)
      #expect(rejection.reply.field("Content-Type") == "application/json")
      #expect(rejection.reply.field("Cache-Control") == "no-store")
      // Only the challenge of a route sends clients to sign in.
      #expect(rejection.reply.field("WWW-Authenticate") == nil)
    }
  }

  @Test func furtherFields() {
    #expect(Rejection.moved(to: "https://h/mcp").reply.field("Location") == "https://h/mcp")
    #expect(Rejection.methodNotAllowed.reply.field("Allow")?.contains("POST") == true)
    #expect(Rejection.overloaded("full").reply.field("Retry-After") == "1")
    #expect(Rejection.providerUnavailable(retryAfter: 7).reply.field("Retry-After") == "7")
  }

  /// What is behind a malformed request or an unwanted body cannot be read as the next request.
  @Test func connectionsThatCannotGoOn() {
    for (rejection, status, _, _) in Self.all {
      #expect(rejection.closesConnection == [400, 408, 413, 414, 431, 501, 505].contains(status))
    }
  }
}
