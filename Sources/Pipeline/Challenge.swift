package import JOSE
import Telemetry

/// The challenges of one route (RFC 6750 §3, RFC 9728 §5.1), all from configuration.
///
/// One Bearer challenge, one line, quoted strings without escapes, in the order error, error_description, scope,
/// resource_metadata (GW-13, GW-14): clients find the parameters with regular expressions. A route that takes DPoP
/// proofs has a line for that, too, or, where they are required, instead (RFC 9449 §7.1).
package struct Challenge {
  /// What a route says about proofs.
  package struct Proofs: Sendable {
    package var algorithms: [JWSAlgorithm]
    package var isRequired: Bool

    package init(algorithms: [JWSAlgorithm], isRequired: Bool) {
      self.algorithms = algorithms
      self.isRequired = isRequired
    }
  }

  private let common: String
  private let schemes: [AccessTokenScheme]
  private let proofParameters: String
  /// No token came: no `error` (GW-05). The bytes are built once.
  package let unauthenticated: Rejection

  /// - Parameters:
  ///   - metadataURL: of the protected resource metadata; no quote or backslash in it.
  ///   - scope: what to ask the authorization server for; left out when empty (GW-12).
  ///   - proofs: nil: the route takes none.
  package init(metadataURL: String, scope: [String], proofs: Proofs? = nil) {
    let scope = scope.isEmpty ? "" : "scope=\"\(scope.joined(separator: " "))\", "
    common = "\(scope)resource_metadata=\"\(metadataURL)\""
    schemes = proofs.map { $0.isRequired ? [.dpop] : [.bearer, .dpop] } ?? [.bearer]
    proofParameters = "algs=\"\((proofs?.algorithms ?? []).map(\.rawValue).joined(separator: " "))\", "
    unauthenticated = Rejection(
      401, "unauthorized", reason: "token_missing", "This server needs an access token.",
      fields: Self.fields(schemes, common, proofParameters), auth: .challenged)
  }

  /// A token came and is not good: 401 `invalid_token`, or 403 `insufficient_scope` for scope alone (GW-06, GW-08).
  package func refusing(_ fault: TokenFault, _ scheme: AccessTokenScheme = .bearer) -> Rejection {
    let isScope = fault.isInsufficientScope
    return refusal(
      isScope ? 403 : 401, isScope ? "insufficient_scope" : "invalid_token", fault.explanation, fault.reason, scheme)
  }

  /// The token is good, its proof is not (RFC 9449 §7.1).
  ///
  /// - Parameter nonce: what the next proof has to hold (RFC 9449 §9).
  package func refusing(_ fault: ProofFault, nonce: String?) -> Rejection {
    var more: [(StaticString, String)] = []
    if let nonce { more.append(("DPoP-Nonce", nonce)) }
    return refusal(401, fault.error, fault.explanation, fault.reason, .dpop, more: more)
  }

  /// The request says who calls in a way that cannot be understood (GW-07).
  package func malformed(
    _ explanation: StaticString, reason: StaticString, _ scheme: AccessTokenScheme = .bearer
  ) -> Rejection {
    refusal(400, "invalid_request", explanation, reason, scheme)
  }

  private func refusal(
    _ status: Int, _ error: StaticString, _ explanation: StaticString, _ reason: StaticString,
    _ scheme: AccessTokenScheme, more: [(StaticString, String)] = []
  ) -> Rejection {
    let fault = "error=\"\(error)\", error_description=\"\(explanation)\", "
    let faulty = schemes.contains(scheme) ? scheme : schemes[0]
    return Rejection(
      status, error, reason: reason, "\(explanation)",
      fields: Self.fields(schemes, common, proofParameters, faulty: faulty, fault) + more, auth: .refused)
  }

  private static func fields(
    _ schemes: [AccessTokenScheme], _ common: String, _ proofParameters: String, faulty: AccessTokenScheme? = nil,
    _ fault: String = ""
  ) -> [(StaticString, String)] {
    // The scheme that the client has used comes first: some clients look no further.
    (faulty == .dpop ? schemes.reversed() : schemes).map { scheme in
      let fault = scheme == faulty ? fault : ""
      return switch scheme {
      case .bearer: ("WWW-Authenticate", "Bearer \(fault)\(common)")
      case .dpop: ("WWW-Authenticate", "DPoP \(fault)\(proofParameters)\(common)")
      }
    }
  }
}
