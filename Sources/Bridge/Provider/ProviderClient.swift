import Identity
package import Net
package import Pipeline

/// Sends forms to the provider, as the gateway's client there.
package protocol ProviderCalls: AnyObject {
  /// - Returns: what to cancel when the client goes away; nil when `completion` has been called inside this call.
  func send(_ request: ProviderRequest, completion: @escaping (ProviderOutcome) -> Void) -> (any Cancellable)?
}

/// The token endpoint and the revocation endpoint of a bridge's provider.
package final class ProviderClient: ProviderCalls {
  private let token: ProviderEndpoint
  private let revocation: ProviderEndpoint

  package init(_ loop: Loop, _ provider: BridgedProvider) {
    let store = provider.keyStore
    token = ProviderEndpoint(loop, provider, .token) { provider.tokenEndpoint ?? store.metadata?.tokenEndpoint }
    // Anybody may ask to revoke: a flood of that must leave the other endpoint alone.
    revocation = ProviderEndpoint(loop, provider, .revocation, maxRequests: 8) {
      provider.revocationEndpoint ?? store.metadata?.revocationEndpoint
    }
  }

  package func send(
    _ request: ProviderRequest, completion: @escaping (ProviderOutcome) -> Void
  ) -> (any Cancellable)? {
    switch request.endpoint {
    case .token: token.send(request, completion: completion)
    case .revocation: revocation.send(request, completion: completion)
    }
  }
}
