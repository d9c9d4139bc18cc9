import Bytes
import Identity
import JOSE
import JSON
import Testing
import Web

@testable import Bridge

/// Tokens of our own, made of the provider's word.
struct TokenWrapperTests {
  private static let now = TokenBridge.now

  /// Claims of an access token that is in order.
  private static let access: JSONObject = [
    "iss": .string(TestTokens.issuer), "sub": "jane", "aud": "https://api.example", "azp": "gateway",
    "client_id": "gateway", "scope": "mcp:tools openid", "exp": .integer(now + 600), "iat": .integer(now - 1),
  ]

  /// And of an ID token.
  private static let identity: JSONObject = [
    "iss": .string(TestTokens.issuer), "sub": "jane", "aud": "gateway", "azp": "gateway", "nonce": "n",
    "at_hash": "h", "c_hash": "h", "s_hash": "h", "email": "jane@example.com", "roles": ["root"],
    "exp": .integer(now + 600), "iat": .integer(now - 1),
  ]

  private func bridge(
    _ source: BridgeTokens.ClaimsSource, lifetime: Int64 = 3600, _ change: (inout BridgeSettings) -> Void = { _ in }
  ) throws -> TokenBridge {
    try TokenBridge {
      $0.tokens = .wrap(claims: source, lifetime: lifetime)
      change(&$0)
    }
  }

  private func answer(access: String = "opaque", identity: String? = nil, _ more: JSONObject = [:]) -> ProviderOutcome {
    var members: JSONObject = ["access_token": .string(access), "token_type": "Bearer"]
    members["id_token"] = identity.map { .string($0) }
    return .success(members + more)
  }

  private func redeem(_ bridge: TokenBridge) throws -> LocalReply {
    try #require(bridge.token(TokenBridge.redemption(bridge.code())))
  }

  /// What the route finds in the access token of a reply.
  private func claims(_ reply: LocalReply?, _ bridge: TokenBridge, at time: Int64 = now) throws -> JSONObject {
    let token = try #require(reply?.document?["access_token"]?.stringValue)
    return try #require(content(token, bridge, at: time).claims)
  }

  private func content(
    _ token: String, _ bridge: TokenBridge, resource: String = TokenBridge.resource, at time: Int64 = now
  ) -> SealedTokenContent {
    let tokens = WrappedTokens(bridge.sealer, bridge.sealingKeys, resource: resource)
    return Array(token.utf8).withUnsafeBytes { tokens.claims(of: $0, now: time) }
  }

  // MARK: Access tokens

  @Test func anAccessTokenIsWrapped() throws {
    let bridge = try bridge(.accessToken)
    let token = try TestTokens.sign(Self.access + ["nonce": "x", "groups": ["a"]], type: "at+jwt")
    bridge.provider.outcomes = [answer(access: token, ["expires_in": 3600, "scope": "api://x/mcp:tools"])]
    let reply = try redeem(bridge)
    #expect(reply.verdict == "200 - -")
    #expect(reply.document?["expires_in"] == 600)
    #expect(reply.document?["scope"] == "mcp:tools")
    #expect(
      try claims(reply, bridge) == [
        "iss": .string(TestTokens.issuer), "sub": "jane", "aud": "https://api.example",
        "scope": "mcp:tools openid", "exp": .integer(Self.now + 600), "iat": .integer(Self.now), "groups": ["a"],
        "client_id": "kiro",
      ])
  }

  private static let lifetimeRows: [(Int64, JSONValue, Int64)] = [
    (3600, 3600, 600), (3600, .null, 600), (300, 3600, 300), (300, .null, 300), (3600, 60, 60), (60, 30, 30),
  ]

  /// The end of the provider's token, what it says about it, and what is configured: the least counts.
  @Test(arguments: lifetimeRows)
  func lifetimes(_ configured: Int64, _ stated: JSONValue, _ expected: Int64) throws {
    let bridge = try bridge(.accessToken, lifetime: configured)
    bridge.provider.outcomes = [answer(access: try TestTokens.sign(Self.access), ["expires_in": stated])]
    let reply = try redeem(bridge)
    #expect(reply.document?["expires_in"] == .integer(expected))
    let token = try #require(reply.document?["access_token"]?.stringValue)
    #expect(content(token, bridge, at: Self.now + expected - 1).claims?["exp"] == .integer(Self.now + expected))
    #expect(content(token, bridge, at: Self.now + expected) == .expired)
  }

  private static let refused: [(JSONObject, String, String)] = [
    (["aud": "https://other"], "500 server_error bridge_token_refused", "wrong_audience, found aud https://other"),
    (["iss": "https://other"], "500 server_error bridge_token_refused", "wrong_issuer"),
    (["exp": .integer(now - 100)], "500 server_error bridge_token_refused", "expired"),
    (["iat": .integer(now + 100)], "500 server_error bridge_token_refused", "issued_in_future"),
    (["token_use": "id"], "500 server_error bridge_token_refused", "not_an_access_token"),
    (["cnf": ["jkt": .string(key)]], "500 server_error bridge_token_refused", "is bound to the gateway"),
    (["cnf": ["x5t#S256": .string(key)]], "500 server_error bridge_token_refused", "is bound to the gateway"),
    // Within the skew of clocks, but no time is left.
    (["exp": .integer(now)], "500 server_error bridge_token_refused", "has expired"),
  ]

  private static let key = String(repeating: "A", count: 43)

  @Test(arguments: refused)
  func accessTokensThatAreNotInOrder(_ changes: JSONObject, _ verdict: String, _ detail: String) throws {
    let bridge = try bridge(.accessToken)
    bridge.provider.outcomes = [answer(access: try TestTokens.sign(Self.access + changes))]
    let reply = try redeem(bridge)
    #expect(reply.verdict == verdict)
    #expect(reply.detail?.contains(detail) == true, "\(reply.detail ?? "")")
  }

  @Test func aForgedToken() throws {
    let bridge = try bridge(.accessToken)
    let token = try TestTokens.sign(Self.access, by: SigningKey.generate(.es256, kid: "k"))
    bridge.provider.outcomes = [answer(access: token)]
    let reply = try redeem(bridge)
    #expect(reply.verdict == "500 server_error bridge_token_refused")
    #expect(reply.detail == "the provider's token: bad_signature")
    #expect(bridge.keys.looks == 1)
  }

  @Test func anOpaqueTokenThatNobodyCanRead() throws {
    let bridge = try bridge(.accessToken)
    bridge.provider.outcomes = [answer()]
    let reply = try redeem(bridge)
    #expect(reply.verdict == "500 server_error bridge_token_refused")
    #expect(reply.detail == "the provider's token: opaque_token")
  }

  // MARK: Keys

  @Test func keysAreAwaited() throws {
    let bridge = try bridge(.accessToken)
    let keys = try #require(bridge.keys.current?.keys)
    bridge.keys.current = nil
    bridge.keys.outcomes = [.keys(keys, generation: 1)]
    bridge.provider.outcomes = [answer(access: try TestTokens.sign(Self.access))]
    #expect(try redeem(bridge).status == 200)
    #expect(bridge.keys.looks == 1)
  }

  @Test func keysThatCannotBeHad() throws {
    let bridge = try bridge(.accessToken)
    bridge.keys.current = nil
    bridge.keys.outcomes = [.unavailable(retryAfter: 5)]
    bridge.provider.outcomes = [answer(access: try TestTokens.sign(Self.access))]
    let reply = try redeem(bridge)
    #expect(reply.verdict == "503 temporarily_unavailable bridge_provider_unavailable")
    #expect(reply.header("retry-after") == "5")
  }

  // MARK: Introspection

  private func introspecting(_ outcome: Introspector.Outcome) throws -> TokenBridge {
    let bridge = try bridge(.accessToken)
    bridge.introspection = { token, completion in
      #expect(token == "opaque")
      completion(outcome)
      return nil
    }
    bridge.provider.outcomes = [answer(["expires_in": 100])]
    return bridge
  }

  @Test func anOpaqueTokenThatTheProviderReads() throws {
    let answer: JSONObject = ["active": true, "sub": "jane", "aud": "https://api.example", "scope": "mcp:tools"]
    let bridge = try introspecting(.answer(.object(answer)))
    let reply = try redeem(bridge)
    #expect(
      try claims(reply, bridge) == [
        "sub": "jane", "aud": "https://api.example", "scope": "mcp:tools", "iss": .string(TestTokens.issuer),
        "exp": .integer(Self.now + 100), "client_id": "kiro", "iat": .integer(Self.now),
      ])
  }

  @Test func whatIntrospectionRefuses() throws {
    let rows: [(Introspector.Outcome, String)] = [
      (.answer(["active": false]), "500 server_error bridge_token_refused"),
      (.answer(["active": true, "aud": "other"]), "500 server_error bridge_token_refused"),
      (.answer(["active": true, "exp": "x"]), "500 server_error bridge_token_refused"),
      (
        .unavailable(retryAfter: 3, reason: "down"), "503 temporarily_unavailable bridge_provider_unavailable"
      ),
    ]
    for (outcome, verdict) in rows { #expect(try redeem(introspecting(outcome)).verdict == verdict) }
  }

  // MARK: ID tokens

  @Test func anIDTokenIsWrapped() throws {
    let bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [
      answer(
        identity: try TestTokens.sign(Self.identity),
        ["refresh_token": "r", "expires_in": 3600, "scope": "openid mcp:tools"])
    ]
    let reply = try redeem(bridge)
    #expect(reply.document?["scope"] == "mcp:tools offline_access")
    #expect(
      try claims(reply, bridge) == [
        "iss": .string(TestTokens.issuer), "sub": "jane", "aud": [.string(TokenBridge.resource)],
        "email": "jane@example.com", "exp": .integer(Self.now + 600), "iat": .integer(Self.now),
        "client_id": "kiro", "scope": "mcp:tools offline_access",
      ])
    let grant = try bridge.open(reply.document?["refresh_token"]?.stringValue)
    #expect(
      grant.claims == [
        "iss": .string(TestTokens.issuer), "sub": "jane", "aud": "gateway", "azp": "gateway",
        "email": "jane@example.com", "roles": ["root"],
      ])
  }

  /// The refresh token must not bring back what the provider has withheld.
  @Test func whatTheProviderWithholds() throws {
    let bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [
      answer(identity: try TestTokens.sign(Self.identity), ["refresh_token": "r", "scope": "openid"])
    ]
    let reply = try redeem(bridge)
    #expect(reply.document?["scope"] == "offline_access")
    #expect(try claims(reply, bridge)["scope"] == "offline_access")
    #expect(try bridge.open(reply.document?["refresh_token"]?.stringValue).scopes == ["offline_access"])
  }

  private static let refusedIdentities: [(JSONObject, String)] = [
    (["aud": "another"], "wrong_audience"), (["aud": []], "wrong_audience"), (["nonce": "other"], "the nonce"),
    (["nonce": .null], "the nonce"), (["nonce": 7], "the nonce"), (["iss": "https://other"], "wrong_issuer"),
    (["exp": .integer(now - 100)], "expired"), (["token_use": "access"], "not_an_access_token"),
    (["azp": "another", "aud": ["another", "gateway"]], "azp"),
  ]

  @Test(arguments: refusedIdentities)
  func identitiesThatAreNotInOrder(_ changes: JSONObject, _ detail: String) throws {
    let bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [answer(identity: try TestTokens.sign(Self.identity + changes))]
    let reply = try redeem(bridge)
    #expect(reply.verdict == "500 server_error bridge_token_refused")
    #expect(reply.detail?.contains(detail) == true, "\(reply.detail ?? "")")
  }

  @Test func noIdentity() throws {
    let bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [answer()]
    #expect(try redeem(bridge).detail == "the provider has sent no ID token: scopes must include openid")
  }

  /// The access token is of the right issuer, but no ID token; and the other way round.
  @Test func oneForTheOther() throws {
    let token = try TestTokens.sign(Self.access + ["aud": "gateway", "nonce": "n"], type: "at+jwt")
    var bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [answer(identity: token)]
    #expect(try redeem(bridge).detail?.contains("wrong_token_type") == true)
    bridge = try self.bridge(.accessToken)
    bridge.provider.outcomes = [
      answer(access: try TestTokens.sign(Self.identity + ["aud": "https://api.example"]))
    ]
    #expect(try redeem(bridge).detail?.contains("not_an_access_token") == true)
  }

  // MARK: Refreshing

  private static let kept: JSONObject = [
    "iss": .string(TestTokens.issuer), "sub": "jane", "aud": "gateway", "azp": "gateway", "email": "old",
  ]

  private func refresh(
    _ bridge: TokenBridge, _ changes: [(String, String?)] = [], now: Int64 = now
  ) throws -> LocalReply {
    let token = try bridge.refreshToken { $0.claims = Self.kept }
    return try #require(bridge.token(TokenBridge.refresh(token, changes), now: now))
  }

  /// Providers need not send an ID token with a refresh.
  @Test func theClaimsOfTheSignInAreUsedAgain() throws {
    let bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [answer(["expires_in": 90])]
    let reply = try refresh(bridge, [("scope", "mcp:tools")], now: Self.now + 50_000)
    #expect(reply.document?["expires_in"] == 90)
    #expect(
      try claims(reply, bridge, at: Self.now + 50_000) == [
        "iss": .string(TestTokens.issuer), "sub": "jane", "aud": [.string(TokenBridge.resource)], "email": "old",
        "client_id": "kiro", "scope": "mcp:tools", "exp": .integer(Self.now + 50_090),
        "iat": .integer(Self.now + 50_000),
      ])
    let grant = try bridge.open(reply.document?["refresh_token"]?.stringValue)
    #expect(grant.claims == Self.kept)
    #expect(grant.scopes == ["mcp:tools", "mcp:admin", "offline_access"])
  }

  @Test func aNewIDTokenReplacesThem() throws {
    let bridge = try bridge(.identityToken)
    let token = try TestTokens.sign(Self.identity + ["email": "new"])
    bridge.provider.outcomes = [answer(identity: token)]
    let reply = try refresh(bridge)
    #expect(try claims(reply, bridge)["email"] == "new")
    #expect(try bridge.open(reply.document?["refresh_token"]?.stringValue).claims?["email"] == "new")
  }

  /// OpenID Connect Core §12.2.
  @Test func aNewIDTokenOfSomebodyElse() throws {
    let bridge = try bridge(.identityToken)
    bridge.provider.outcomes = [answer(identity: try TestTokens.sign(Self.identity + ["sub": "joe"]))]
    #expect(try refresh(bridge).verdict == "500 server_error bridge_token_refused")
  }

  // MARK: What the route asks

  private static let conditionRows: [(String, String)] = [
    ("clients", "400 access_denied bridge_not_admitted"), ("claims", "400 access_denied bridge_not_admitted"),
    // The route says which are missing.
    ("scopes", "200 - -"), ("none", "200 - -"),
  ]

  /// Whoever would be refused by the route hears it now. The MCP client counts, not the gateway's.
  @Test(arguments: conditionRows)
  func conditions(_ which: String, _ verdict: String) throws {
    let bridge = try bridge(.accessToken) { settings in
      switch which {
      case "clients": settings.routes[0].policy.clients = ["gateway"]
      case "claims": settings.routes[0].policy.customClaims = [.claim("tenant", .equals("t"))]
      case "scopes": settings.routes[0].policy.scopes = ["mcp:admin"]
      default: settings.routes[0].policy.clients = ["kiro"]
      }
    }
    bridge.provider.outcomes = [answer(access: try TestTokens.sign(Self.access))]
    #expect(try redeem(bridge).verdict == verdict)
  }

  @Test func aTokenThatNoFieldWouldTake() throws {
    let groups = JSONValue((0..<2000).map { "group-\($0)" })
    let answer: JSONObject = ["active": true, "sub": "jane", "aud": "https://api.example", "groups": groups]
    let reply = try redeem(introspecting(.answer(.object(answer))))
    #expect(reply.verdict == "500 server_error bridge_token_refused")
    #expect(reply.detail?.contains("16 KiB") == true)
  }

  // MARK: At the route

  @Test func aTokenIsForOneRouteOfOneBridge() throws {
    let bridge = try bridge(.accessToken)
    bridge.provider.outcomes = [answer(access: try TestTokens.sign(Self.access))]
    let token = try #require(try redeem(bridge).document?["access_token"]?.stringValue)
    #expect(content(token, bridge).claims != nil)
    #expect(content(token, bridge, resource: "https://mcp.example/other") == .foreign)
    #expect(content(token, bridge, resource: TokenBridge.resource + "/") == .foreign)
    #expect(content(token, try TokenBridge(name: "another")) == .foreign)
    #expect(content(String(token.dropLast(4)), bridge) == .foreign)
    for other in [try bridge.code(), try bridge.refreshToken(), "x", ""] {
      #expect(content(other, bridge) == .foreign)
    }
    // And it is neither a code nor a refresh token.
    #expect(
      bridge.token(TokenBridge.redemption(token))?.verdict == "400 invalid_grant bridge_code_unusable")
    #expect(
      bridge.token(TokenBridge.refresh(token))?.verdict == "400 invalid_grant bridge_refresh_token_unusable")
  }

  @Test func otherKeysAreTold() throws {
    let bridge = try bridge(.accessToken)
    let tokens = WrappedTokens(bridge.sealer, bridge.sealingKeys, resource: TokenBridge.resource)
    var calls = 0
    tokens.onChange.append { calls += 1 }
    try bridge.sealingKeys.replace(by: [SealingKey(id: "2", secret: [UInt8](1...32))])
    #expect(calls == 1)
  }
}

extension SealedTokenContent {
  fileprivate var claims: JSONObject? { if case .claims(let claims) = self { claims } else { nil } }
}
