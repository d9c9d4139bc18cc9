package import JOSE
import Telemetry

/// The challenges of one route (RFC 6750 §3, RFC 9728 §5.1), all from configuration.
///
/// One Bearer challenge, one line, quoted strings without escapes, in the order error, error_description, scope,
/// resource_metadata (GW-13, GW-14): clients find the parameters with regular expressions.
package struct Challenge {
  private let common: String
  /// No token came: no `error` (GW-05). The bytes are built once.
  package let unauthenticated: Rejection

  /// - Parameters:
  ///   - metadataURL: of the protected resource metadata; no quote or backslash in it.
  ///   - scope: what to ask the authorization server for; left out when empty (GW-12).
  package init(metadataURL: String, scope: [String]) {
    let scope = scope.isEmpty ? "" : "scope=\"\(scope.joined(separator: " "))\", "
    common = "\(scope)resource_metadata=\"\(metadataURL)\""
    unauthenticated = Rejection(
      401, "unauthorized", reason: "token_missing", "This server needs an access token.",
      fields: Self.fields(common), auth: .challenged)
  }

  /// A token came and is not good: 401 `invalid_token`, or 403 `insufficient_scope` for scope alone (GW-06, GW-08).
  package func refusing(_ fault: TokenFault) -> Rejection {
    let isScope = fault.isInsufficientScope
    return refusal(
      isScope ? 403 : 401, isScope ? "insufficient_scope" : "invalid_token", fault.explanation, fault.reason)
  }

  /// The request says who calls in a way that cannot be understood (GW-07).
  package func malformed(_ explanation: StaticString, reason: StaticString) -> Rejection {
    refusal(400, "invalid_request", explanation, reason)
  }

  private func refusal(
    _ status: Int, _ error: StaticString, _ explanation: StaticString, _ reason: StaticString
  ) -> Rejection {
    Rejection(
      status, error, reason: reason, "\(explanation)",
      fields: Self.fields("error=\"\(error)\", error_description=\"\(explanation)\", \(common)"),
      auth: .refused)
  }

  private static func fields(_ parameters: String) -> [(StaticString, String)] {
    [("WWW-Authenticate", "Bearer \(parameters)")]
  }
}
