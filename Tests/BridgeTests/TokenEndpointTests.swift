import JOSE
import JSON
import Pipeline
import Testing
import Web

@testable import Bridge

/// What `/token` makes of a code, with a provider that agrees.
struct TokenEndpointTests {
  private static let tokens: JSONObject = [
    "access_token": "their-access", "token_type": "bearer", "expires_in": 3599, "refresh_token": "their-refresh",
    "scope": "api://x/mcp:tools openid", "id_token": "a.b.c", "more": true,
  ]

  @Test func aCodeBecomesTokens() throws {
    let bridge = try TokenBridge { $0.provider.extraScopes = ["openid"] }
    bridge.provider.outcomes = [.success(Self.tokens)]
    let reply = try #require(bridge.token(TokenBridge.redemption(bridge.code())))
    #expect(
      bridge.provider.requests == [
        "grant_type=authorization_code code=their-code redirect_uri=https://mcp.example/oauth/callback"
          + " code_verifier=our-verifier"
      ])
    #expect(reply.verdict == "200 - -")
    var document = try #require(reply.document?.objectValue)
    let refresh = document["refresh_token"]?.stringValue
    document["refresh_token"] = nil
    // No ID token: its audience is the gateway. And none of what else the provider says.
    #expect(
      document == [
        "access_token": "their-access", "token_type": "Bearer", "expires_in": 3599, "scope": "mcp:tools",
      ])
    let grant = try bridge.open(refresh)
    #expect(
      grant
        == RefreshGrant(
          providerToken: "their-refresh", clientDigest: TokenBridge.digest(TokenBridge.client),
          shownClientID: TokenBridge.client, resource: TokenBridge.resource, scopes: ["mcp:tools", "offline_access"],
          grantedAt: TokenBridge.now))
  }

  @Test func nobodyKeepsTheAnswer() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens)]
    for reply in [bridge.token(TokenBridge.redemption(try bridge.code())), bridge.token([])] {
      #expect(reply?.header("cache-control") == "no-store")
      #expect(reply?.header("pragma") == "no-cache")
      #expect(reply?.header("access-control-allow-origin") == "*")
      #expect(reply?.header("content-type") == "application/json")
    }
  }

  @Test func methods() throws {
    let bridge = try TokenBridge()
    let endpoint = TokenEndpoint(bridge.context, bridge.provider)
    func reply(_ method: String) -> LocalReply? {
      endpoint.respond(to: LocalRequest(method: method, path: "/oauth/token"), now: TokenBridge.now).reply
    }
    #expect(reply("GET")?.status == 405)
    #expect(reply("GET")?.header("allow") == "POST, OPTIONS")
    let preflight = reply("OPTIONS")
    #expect(preflight?.status == 204)
    #expect(preflight?.header("access-control-allow-methods") == "POST")
    #expect(
      preflight?.header("access-control-allow-headers") == "content-type, authorization, mcp-protocol-version")
  }

  @Test func theProvidersResourceIsSent() throws {
    let bridge = try TokenBridge { $0.provider.resource = "https://api" }
    _ = bridge.token(TokenBridge.redemption(try bridge.code()))
    _ = bridge.token(TokenBridge.refresh(try bridge.refreshToken()))
    #expect(bridge.provider.requests.map { $0.hasSuffix(" resource=https://api") } == [true, true])
  }

  /// What the provider leaves out is left out, and the scope is what was asked for (RFC 6749 §5.1).
  @Test func theLeastThatAProviderSays() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(["access_token": "a", "token_type": "Bearer"])]
    let reply = bridge.token(TokenBridge.redemption(try bridge.code()))
    #expect(
      reply?.body == #"{"access_token":"a","token_type":"Bearer","scope":"mcp:tools offline_access"}"#)
  }

  private static let lifetimeRows: [(JSONValue, Int64?)] = [
    (3600, 3600), ("3599", 3599), (3599.0, 3599), (0, nil), (-1, nil), ("soon", nil), ([], nil), (.null, nil),
    (9_000_000_000_000_000_000, 315_360_000),
  ]

  @Test(arguments: lifetimeRows)
  func lifetimes(_ value: JSONValue, _ expected: Int64?) throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(["access_token": "a", "token_type": "Bearer", "expires_in": value])]
    let reply = bridge.token(TokenBridge.redemption(try bridge.code()))
    #expect(reply?.document?["expires_in"]?.integerValue == expected)
  }

  private static let unusable: [JSONObject] = [
    ["access_token": "a"], ["access_token": "a", "token_type": "DPoP"], ["access_token": "a", "token_type": 7],
    ["access_token": "a b", "token_type": "Bearer"], ["access_token": "a\r\n", "token_type": "Bearer"],
    ["access_token": "é", "token_type": "Bearer"],
  ]

  @Test(arguments: unusable)
  func whatNobodyCouldUse(_ answer: JSONObject) throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(answer)]
    let reply = bridge.token(TokenBridge.redemption(try bridge.code()))
    #expect(reply?.verdict == "500 server_error bridge_provider_malformed")
  }

  // MARK: Who asks

  private static let basic: [(String, String)] = [
    ("Basic a2lybzpzZWNyZXQ=", "200 - -"),  // kiro:secret
    ("basic  a2lybzo=", "200 - -"),  // kiro:
    ("Basic JTZiaXJvOg==", "200 - -"),  // %6biro:
    ("Basic a2lybw==", "200 - -"),  // kiro
    ("Basic YW5vdGhlcjp4", "400 invalid_grant bridge_code_of_another_client"),  // another:x
    ("Basic OnNlY3JldA==", "400 invalid_request bridge_malformed_request"),  // :secret
    ("Basic", "400 invalid_request bridge_malformed_request"),
    ("Basic ?", "400 invalid_request bridge_malformed_request"),
    ("Basic /zo=", "400 invalid_request bridge_malformed_request"),  // not UTF-8
    ("Bearer a2lybzo=", "400 invalid_request bridge_malformed_request"),
  ]

  /// Clients are public, and some authenticate all the same: their secret is not looked at.
  @Test(arguments: basic)
  func credentials(_ field: String, _ verdict: String) throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens)]
    let form = TokenBridge.redemption(try bridge.code(), [("client_id", nil)])
    #expect(bridge.token(form, fields: [("authorization", field)])?.verdict == verdict)
  }

  @Test func twoClientsAtOnce() throws {
    let bridge = try TokenBridge()
    let form = TokenBridge.redemption(try bridge.code())
    let reply = bridge.token(form, fields: [("authorization", "Basic YW5vdGhlcjp4")])
    #expect(reply?.verdict == "400 invalid_request bridge_malformed_request")
  }

  @Test func aSecretInTheFormIsNotLookedAt() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens)]
    let reply = bridge.token(TokenBridge.redemption(try bridge.code(), [("client_secret", "made up")]))
    #expect(reply?.status == 200)
  }

  // MARK: Waiting

  @Test func theAnswerComesLater() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens)]
    bridge.provider.holds = true
    let request = TokenBridge.request("/oauth/token", TokenBridge.redemption(try bridge.code()), [])
    let endpoint = TokenEndpoint(bridge.context, bridge.provider)
    var later: LocalReply?
    guard case .suspended(let suspension) = endpoint.respond(to: request, now: TokenBridge.now) else {
      throw TestTokens.Failure()
    }
    #expect(suspension.park { later = $0 } == nil)
    bridge.provider.release()
    #expect(later?.status == 200)
    #expect(bridge.provider.cancelled == 0)
  }

  @Test func whoLeavesIsNotAskedFor() throws {
    let bridge = try TokenBridge()
    bridge.provider.holds = true
    let request = TokenBridge.request("/oauth/token", TokenBridge.redemption(try bridge.code()), [])
    guard
      case .suspended(let suspension) = TokenEndpoint(bridge.context, bridge.provider)
        .respond(to: request, now: TokenBridge.now)
    else { throw TestTokens.Failure() }
    #expect(suspension.park { _ in } == nil)
    suspension.cancel(.clientGone)
    #expect(bridge.provider.cancelled == 1)
  }
}
