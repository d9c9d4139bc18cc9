import HTTP
package import Pipeline

/// The gate of a route whose configuration says `authorization: none`.
package final class OpenGate: Gate {
  package let label: StaticString = "open"
  private let admission: Admission

  /// - Parameter anonymous: what the configuration has spelled out.
  package init(_ anonymous: Anonymous) { admission = .anonymous(anonymous) }

  package func admit(_ exchange: Exchange) -> GateVerdict {
    // A token in a query would reach the backend and its logs (GW-40).
    if exchange.request.query.map(AccessTokenCredentials.hasToken) == true {
      return .reject(.malformed(400, reason: "token_in_query"))
    }
    return .admit(admission)
  }
}
