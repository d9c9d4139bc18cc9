import JOSE
import JSON
import Testing
import Web

@testable import Bridge

/// `/revoke` (RFC 7009).
struct RevocationEndpointTests {
  private static let client = TokenBridge.client

  private func wrapping() throws -> TokenBridge {
    try TokenBridge { $0.tokens = .wrap(claims: .accessToken, lifetime: 3600) }
  }

  /// An access token that we have made.
  private func wrapped(_ bridge: TokenBridge, expiry: Int64 = TokenBridge.now + 60) throws -> String {
    try bridge.sealer.seal(Array(#"{"res":"r","claims":{}}"#.utf8), for: WrappedTokens.purpose, expiry: expiry)
  }

  @Test(arguments: [nil, "refresh_token", "access_token", "other"])
  func aRefreshTokenOfOurs(_ hint: String?) throws {
    for bridge in [try TokenBridge(), try wrapping()] {
      bridge.provider.outcomes = [.success([:])]
      let reply = bridge.revoke([
        ("token", try bridge.refreshToken()), ("client_id", Self.client), ("token_type_hint", hint),
      ])
      #expect(bridge.provider.requests == ["revoke token=their-refresh token_type_hint=refresh_token"])
      #expect(reply?.status == 200)
      #expect(reply?.body == "")
      #expect(reply?.header("cache-control") == "no-store")
      #expect(reply?.header("access-control-allow-origin") == "*")
    }
  }

  @Test func aRefreshTokenOfAnotherClient() throws {
    let bridge = try TokenBridge()
    let reply = bridge.revoke([("token", try bridge.refreshToken()), ("client_id", "another")])
    #expect(reply?.verdict == "400 invalid_grant bridge_refresh_token_of_another_client")
    #expect(bridge.provider.requests.isEmpty)
  }

  /// Who has lost his registration may still give up what he has.
  @Test func aClientThatIsNotKnownAnyMore() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success([:])]
    let token = try bridge.refreshToken { $0.clientDigest = TokenBridge.digest("gone") }
    #expect(bridge.revoke([("token", token), ("client_id", "gone")])?.status == 200)
    #expect(bridge.provider.requests.count == 1)
  }

  @Test(arguments: ["eyJ.eyJ.sig", "opaque", "ya29.a0"])
  func anAccessTokenOfTheProvider(_ token: String) throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success([:])]
    #expect(bridge.revoke([("token", token), ("client_id", Self.client)])?.status == 200)
    #expect(bridge.provider.requests == ["revoke token=\(token) token_type_hint=access_token"])
  }

  /// Nothing that the provider could have made.
  @Test(arguments: ["a b", "é", "a\n", String(repeating: "a", count: 16_385)])
  func whatIsNoToken(_ token: String) throws {
    let bridge = try TokenBridge()
    #expect(bridge.revoke([("token", token), ("client_id", Self.client)])?.status == 200)
    #expect(bridge.provider.requests.isEmpty)
  }

  @Test func tokensOfOursThatCannotBeStruckOff() throws {
    let bridge = try wrapping()
    let rows: [(String, String)] = [
      (try wrapped(bridge), "400 unsupported_token_type bridge_unsupported_token_type"),
      (try wrapped(bridge, expiry: TokenBridge.now), "200 - -"), ("unknown", "200 - -"), ("eyJ.eyJ.sig", "200 - -"),
      (try wrapped(TokenBridge(name: "another")), "200 - -"), (try bridge.code(), "200 - -"),
    ]
    for (token, verdict) in rows {
      #expect(bridge.revoke([("token", token), ("client_id", Self.client)])?.verdict == verdict)
    }
    #expect(bridge.provider.requests.isEmpty)
  }

  @Test func aRefreshTokenThatHasExpired() throws {
    let bridge = try TokenBridge()
    let form = [("token", try bridge.refreshToken()), ("client_id", Self.client)] as [(String, String?)]
    #expect(bridge.revoke(form, now: TokenBridge.now + 90 * 86_400)?.status == 200)
    #expect(bridge.provider.requests.isEmpty)
  }

  private static let outcomes: [(ProviderOutcome, String)] = [
    (.noEndpoint, "400 unsupported_token_type bridge_unsupported_token_type"),
    (.unavailable(retryAfter: 7, reason: "down"), "503 temporarily_unavailable bridge_provider_unavailable"),
    (
      .refused(ProviderError("unsupported_token_type")),
      "400 unsupported_token_type bridge_unsupported_token_type"
    ),
    (.refused(ProviderError("invalid_token")), "200 - -"), (.refused(ProviderError("invalid_grant")), "200 - -"),
    (.refused(ProviderError("invalid_client")), "500 server_error bridge_client_refused"),
    (.refused(ProviderError("invalid_request")), "500 server_error bridge_client_refused"),
  ]

  @Test(arguments: outcomes.indices)
  func whatTheProviderSays(_ index: Int) throws {
    let (outcome, verdict) = Self.outcomes[index]
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [outcome]
    let reply = bridge.revoke([("token", try bridge.refreshToken()), ("client_id", Self.client)])
    #expect(reply?.verdict == verdict)
    #expect(reply?.header("retry-after") == (verdict.hasPrefix("503") ? "7" : nil))
  }

  /// A provider agrees to anything, so nobody knows what was made up.
  @Test func floods() throws {
    let bridge = try TokenBridge { $0.clients.failureLimit = 2 }
    bridge.provider.outcomes = Array(repeating: .success([:]), count: 5)
    let form: [(String, String?)] = [("token", "made-up"), ("client_id", Self.client)]
    #expect((0..<2).allSatisfy { _ in bridge.revoke(form)?.status == 200 })
    let refused = try #require(bridge.revoke(form, now: TokenBridge.now + 5))
    #expect(refused.verdict == "429 temporarily_unavailable bridge_too_many_failures")
    #expect(refused.header("retry-after") == "\(60 - (TokenBridge.now + 5) % 60)")
    #expect(bridge.provider.requests.count == 2)
    // Nobody makes up what the gateway has sealed.
    #expect(bridge.revoke([("token", try bridge.refreshToken()), ("client_id", Self.client)])?.status == 200)
    #expect(bridge.revoke(form, from: "192.0.2.2")?.status == 200)
    #expect(bridge.revoke(form, now: TokenBridge.now + 60)?.status == 200)
  }

  private static let malformedForms: [[(String, String?)]] = [
    [], [("token", "a")], [("client_id", "kiro")], [("token", "a"), ("token", "b"), ("client_id", "kiro")],
  ]

  @Test(arguments: malformedForms)
  func malformed(_ form: [(String, String?)]) throws {
    #expect(try TokenBridge().revoke(form)?.verdict == "400 invalid_request bridge_malformed_request")
  }

  @Test func methods() throws {
    let bridge = try TokenBridge()
    let endpoint = RevocationEndpoint(bridge.context, bridge.provider)
    for (method, status) in [("GET", 405), ("DELETE", 405), ("OPTIONS", 204)] {
      let reply = endpoint.respond(to: LocalRequest(method: method, path: "/oauth/revoke"), now: 0).reply
      #expect(reply?.status == status)
    }
  }
}

extension TokenBridge {
  /// Sends a form to the revocation endpoint.
  fileprivate func revoke(
    _ form: [(String, String?)], from address: String = "192.0.2.1", now: Int64 = TokenBridge.now
  ) -> LocalReply? {
    RevocationEndpoint(context, provider)
      .respond(to: Self.request("/oauth/revoke", form, [], from: address), now: now).reply
  }
}
