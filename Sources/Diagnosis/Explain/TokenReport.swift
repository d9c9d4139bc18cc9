package import JSON

/// All that there is to say about a token and the routes it could be for. A value without the token: only what stands
/// in its header and its claims.
package struct TokenReport: Equatable, Sendable {
  package enum Outcome: String, Sendable {
    case pass, fail
    /// Not asked, or nobody could tell.
    case open
  }

  /// A place in the configuration.
  package struct Rule: Equatable, Sendable {
    /// The key path, such as `routes[0].authorization.allowed_audience`.
    package let path: String
    /// `file:line`
    package let place: String
  }

  package struct Check: Equatable, Sendable {
    package let name: String
    package var outcome: Outcome
    package var found = ""
    package var wanted = ""
    /// As logs name it; of a failed check.
    package var reason: String?
    /// Of a failed check.
    package var rule: Rule?
    /// What can be done about it; of an open check why it is open.
    package var remedy: String?

    package init(_ name: String, _ outcome: Outcome) {
      self.name = name
      self.outcome = outcome
    }
  }

  /// What one provider of one route makes of the token.
  package struct Verdict: Equatable, Sendable {
    /// The name of the route.
    package let route: String
    /// The URL that clients use.
    package let url: String
    /// Empty for a route that asks for no token.
    package let issuer: String
    package let checks: [Check]

    /// The gateway's answer is that of the first fault.
    package var outcome: Outcome {
      if checks.contains(where: { $0.outcome == .fail }) { return .fail }
      return checks.contains { $0.outcome == .open } ? .open : .pass
    }

    package var firstFault: Check? { checks.first { $0.outcome == .fail } }
  }

  /// A claim that is a point in time.
  package struct Time: Equatable, Sendable {
    package let claim: String
    /// Since 1970.
    package let seconds: Int64
    package let date: String?
    package let distance: String
  }

  package let header: JSONValue?
  package let claims: JSONValue?
  package let times: [Time]
  /// What the provider has said about the token (RFC 7662); nil when it was not asked.
  package var introspection: JSONValue?
  package var verdicts: [Verdict]

  /// Whether the token is good for at least one of the routes.
  package var passes: Bool { verdicts.contains { $0.outcome == .pass } }

  /// - Parameter now: seconds since 1970.
  package init(header: JSONValue?, claims: JSONValue?, verdicts: [Verdict], now: Int64) {
    self.header = header
    self.claims = claims
    self.verdicts = verdicts
    times = ["iat", "nbf", "auth_time", "exp"].compactMap { name in
      guard let seconds = claims?[name]?.integerValue else { return nil }
      return Time(
        claim: name, seconds: seconds, date: UTCDate.text(seconds), distance: UTCDate.distance(seconds, from: now))
    }
  }
}
