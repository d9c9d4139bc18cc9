import HTTP
package import Pipeline

/// Tells a client without a token where to get one: for every method and every path below the route (GW-01).
package final class ChallengeStage: Stage {
  package let label: StaticString = "challenge"
  private let challenge: Challenge

  package init(_ challenge: Challenge) { self.challenge = challenge }

  package func handle(_ exchange: Exchange) -> Verdict {
    if case .none = AccessTokenCredentials.find(in: exchange.request) { return .reject(challenge.unauthenticated) }
    return .proceed
  }
}
