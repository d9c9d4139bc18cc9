package import Identity
package import JOSE
import JSON
package import Pipeline
import Web

/// Makes access tokens of our own (`tokens: wrap`): what the provider has said about the user and its own verified word
/// on the MCP client, sealed. For providers whose access tokens are opaque, and for routes that tell clients apart.
package final class TokenWrapper {
  /// Asks about a token that only the provider can read.
  ///
  /// - Returns: what to cancel; nil when it was answered inside the call.
  package typealias Introspection =
    (_ token: String, _ completion: @escaping (Introspector.Outcome) -> Void) -> (any Cancellable)?

  /// Asks `introspector`. Right after the start, where to ask comes with the provider's keys.
  package static func asking(_ introspector: Introspector, _ keys: any ProviderKeys) -> Introspection {
    { token, completion in
      let step = Steps()
      func ask() {
        let waiter = introspector.ask(token: Array(token.utf8)) { completion($0) }
        step.current = waiter.map { waiter in CancelledBy { waiter.cancel() } }
      }
      guard !introspector.knowsEndpoint, keys.current == nil else {
        ask()
        return step.current
      }
      step.current = keys.look(newerThan: nil, because: .unknownKey(kid: nil)) { _ in ask() }
      return step.current == nil ? nil : step
    }
  }

  /// What is under way of several things that follow each other.
  private final class Steps: Cancellable {
    var current: (any Cancellable)?

    func cancel(_ reason: CancelReason) { current?.cancel(reason) }
  }

  struct Wrapped {
    let token: String
    /// Seconds.
    let lifetime: Int64
    /// Nil: what the provider says.
    let scopes: [String]?
    /// To be kept for refreshing; nil when each answer of the provider has claims.
    let claims: JSONObject?
  }

  typealias Completion = (Result<Wrapped, TokenRefusal>) -> Void

  private let source: BridgeTokens.ClaimsSource
  /// Seconds at the most.
  private let lifetime: Int64
  private let clientID: String
  private let sealer: Sealer
  private let keys: any ProviderKeys
  private let introspection: Introspection?

  /// Bytes of a token that any stage looks at.
  private static let longest = 16 * 1024

  /// - Parameters:
  ///   - lifetime: seconds that a token is good at the most.
  ///   - clientID: the gateway's at the provider, which its ID tokens are for.
  ///   - introspection: for access tokens that are no JWTs.
  package init(
    _ source: BridgeTokens.ClaimsSource, lifetime: Int64, clientID: String, sealer: Sealer, keys: any ProviderKeys,
    introspection: Introspection? = nil
  ) {
    self.source = source
    self.lifetime = lifetime
    self.clientID = clientID
    self.sealer = sealer
    self.keys = keys
    self.introspection = introspection
  }

  /// Whether scopes come from what was asked for, not from claims of the provider's.
  var decidesScopes: Bool { source == .identityToken }

  /// - Returns: what to cancel when the client goes away; nil when `completion` has been called inside this call.
  func wrap(
    _ tokens: ProviderTokens, for entitlement: Entitlement, now: Int64, completion: @escaping Completion
  ) -> (any Cancellable)? {
    switch source {
    case .accessToken: wrapAccessToken(tokens, entitlement, now, completion)
    case .identityToken: wrapIdentity(tokens, entitlement, now, completion)
    }
  }

  // MARK: From the access token

  private func wrapAccessToken(
    _ tokens: ProviderTokens, _ entitlement: Entitlement, _ now: Int64, _ completion: @escaping Completion
  ) -> (any Cancellable)? {
    // Its client is the gateway. Who the MCP client is, and what it may do, is asked of the wrapped token.
    var policy = entitlement.route.policy
    (policy.clients, policy.scopes, policy.customClaims) = ([], [], [])
    let check = ProviderTokenCheck(tokens.accessToken, policy, keys, introspection, now: now) { [self] result in
      completion(
        result.flatMap { claims in
          seal(claims, scopes: nil, audience: nil, kept: nil, tokens, entitlement, now)
        })
    }
    return check.start()
  }

  // MARK: From the ID token

  private func wrapIdentity(
    _ tokens: ProviderTokens, _ entitlement: Entitlement, _ now: Int64, _ completion: @escaping Completion
  ) -> (any Cancellable)? {
    guard let token = tokens.identityToken else {
      // Providers need not send another one with a refresh (OpenID Connect Core §12.2).
      guard let kept = entitlement.claims else {
        completion(.failure(Self.unusable("the provider has sent no ID token: scopes must include openid")))
        return nil
      }
      completion(sealIdentity(kept, kept: kept, tokens, entitlement, now))
      return nil
    }
    let policy = entitlement.route.policy.forIDTokens(of: clientID)
    let check = ProviderTokenCheck(token, policy, keys, nil, now: now) { [self] result in
      completion(
        result.flatMap { claims in
          if let fault = fault(in: claims, entitlement) { return .failure(Self.unusable(fault)) }
          var kept = claims
          for name in WrappedClaims.ofIdentityTokens + ["exp", "nbf", "iat"] { kept[name] = nil }
          return sealIdentity(claims, kept: kept, tokens, entitlement, now)
        })
    }
    return check.start()
  }

  /// What is wrong with an ID token that is otherwise good: it is not from this sign-in (OpenID Connect Core §3.1.3.7),
  /// or not about the same user (§12.2).
  private func fault(in claims: JSONObject, _ entitlement: Entitlement) -> String? {
    if let nonce = entitlement.nonce {
      guard let found = claims["nonce"]?.stringValue, ConstantTime.equals(found, nonce) else {
        return "the nonce of the ID token is not that of the authorization request"
      }
    }
    if let kept = entitlement.claims, kept["sub"] != claims["sub"] { return "the ID token is about another user" }
    // An audience more means that it says for whom it is.
    if let party = claims["azp"]?.stringValue, !party.hasSameBytes(as: clientID) {
      return "azp of the ID token is another client"
    }
    return nil
  }

  private func sealIdentity(
    _ claims: JSONObject, kept: JSONObject, _ tokens: ProviderTokens, _ entitlement: Entitlement, _ now: Int64
  ) -> Result<Wrapped, TokenRefusal> {
    seal(
      claims, scopes: entitlement.asked, audience: entitlement.route.resource, kept: kept, tokens, entitlement, now)
  }

  // MARK: Sealing

  private func seal(
    _ claims: JSONObject, scopes: [String]?, audience: String?, kept: JSONObject?, _ tokens: ProviderTokens,
    _ entitlement: Entitlement, _ now: Int64
  ) -> Result<Wrapped, TokenRefusal> {
    let route = entitlement.route
    let made = WrappedClaims(
      claims, route.policy, clientID: entitlement.shownClientID, scopes: scopes, audience: audience,
      end: now + min(tokens.lifetime ?? lifetime, lifetime), now: now)
    guard let made else { return .failure(Self.unusable("the provider's token has expired")) }
    if let refusal = objection(to: made, route, now) { return .failure(refusal) }
    do throws(CryptoFailure) {
      let token = try WrappedTokens.seal(made, resource: route.resource, with: sealer)
      guard token.utf8.count <= Self.longest else {
        return .failure(Self.unusable("a token with all claims of the provider's would be longer than 16 KiB"))
      }
      return .success(Wrapped(token: token, lifetime: made.expiry - now, scopes: scopes, claims: kept))
    } catch {
      return .failure(.sealing(error.description))
    }
  }

  /// The route would not take it: that is said now, before a client tries again and again. Scopes are left to the route,
  /// which names those that are missing.
  private func objection(to made: WrappedClaims, _ route: BridgedRoute, _ now: Int64) -> TokenRefusal? {
    let verifier = TokenVerifier(policy: route.policy)
    do throws(TokenFault) {
      _ = try verifier.accept(sealed: made.members, now: now)
      return nil
    } catch {
      guard !error.isInsufficientScope else { return nil }
      let evidence = verifier.evidence(for: error, ofSealed: made.members, now: now)?.line ?? "\(error.reason)"
      guard error == .wrongClient || error == .claimMismatch else { return Self.unusable(evidence) }
      return TokenRefusal(
        OAuthError(code: "access_denied", description: "this user or this client is not admitted to the resource"),
        reason: "bridge_not_admitted", detail: evidence)
    }
  }

  static func unusable(_ detail: String) -> TokenRefusal {
    .misconfigured(reason: "bridge_token_refused", detail: detail)
  }
}
